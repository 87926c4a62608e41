namespace LossService.Engine.Families;

/// <summary>Which operand a pass differentiates, known to the compiler.</summary>
internal interface ISeed
{
    static abstract int Operand { get; }
}

internal readonly struct First : ISeed
{
    public static int Operand => 0;
}

internal readonly struct Second : ISeed
{
    public static int Operand => 1;
}

internal readonly struct Third : ISeed
{
    public static int Operand => 2;
}

internal readonly struct None : ISeed
{
    public static int Operand => -1;
}
