namespace LossService.Engine.Numerics;

/// <summary>One side of a matrix product: vectors whose elements meet those of the other side one by one.</summary>
/// <param name="Numbers">Where the numbers stand.</param>
/// <param name="Count">How many vectors there are.</param>
/// <param name="Depth">How long each of them is.</param>
/// <param name="AreColumns">False: the vectors are rows, one after the other. True: they are columns, so that element k
/// of all vectors stands together.</param>
internal readonly record struct MatrixSide(Tensor Numbers, int Count, int Depth, bool AreColumns = false);
