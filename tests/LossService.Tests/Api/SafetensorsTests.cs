using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;
using LossService.Engine;
using LossService.Engine.Cards;
using LossService.Engine.Numerics;
using LossService.Tests.Wire.Safetensors;
using LossService.Wire;
using LossService.Wire.Json;
using Xunit;

namespace LossService.Tests.Api;

/// <summary>The binary format through the whole service: the numbers of JSON, and either format in either direction.</summary>
public sealed class SafetensorsTests
{
    private const string Json = "application/json";
    private const string Safetensors = "application/vnd.safetensors";
    private const string Bytes = "application/octet-stream";
    private const string Problem = "application/problem+json";
    private const string Mse = "/v1/losses/mse_loss";

    private static readonly byte[] MseJson = Encoding.UTF8.GetBytes("""{"predictions":[1,2,4],"targets":[1,1,1]}""");

    private static readonly byte[] MseFile = Safe.File(
        [("predictions", "F32", [3], Safe.Bytes(1f, 2, 4)), ("targets", "F32", [3], Safe.Bytes(1f, 1, 1))]);

    private static readonly Service Host = Service.In("Production");

    [Fact]
    public async Task Example_OfEveryCard_HasTheSameBitsInEveryFormat()
    {
        foreach (Loss loss in Catalogue.All)
        {
            foreach (string dtype in (string[])["float32", "float64"])
            {
                Example example = loss.Card.Examples[0];
                byte[] body = Encoding.UTF8.GetBytes(example.Body);
                byte[] file = FileOf(loss.Card, body, dtype);
                string path = $"/v1/losses/{loss.Card.Name}?encoding=flat&dtype={dtype}";
                string fromJson = Encoding.UTF8.GetString(await AnswerAsync(path, body, Json, Json));
                string fromFile = Encoding.UTF8.GetString(await AnswerAsync(path, file, Safetensors, Json));
                Assert.True(fromJson == fromFile, $"{loss.Card.Name}\n{fromJson}\n{fromFile}");
                byte[] answer = await AnswerAsync(path, file, Safetensors, Safetensors);
                Assert.Equal(await AnswerAsync(path, body, Json, Safetensors), answer);
                AssertSame(JsonNode.Parse(fromJson)!.AsObject(), answer, dtype);
            }
        }

    }

    [Fact]
    public async Task Outputs_OfALossItself_StandInEveryFormatInTheirOwnKind()
    {
        const string Path = "/v1/losses/triplet_semihard_loss";
        byte[] body = Encoding.UTF8.GetBytes(
            """{"embeddings":[[0],[1],[3],[7]],"labels":[0,0,1,1],"return_tuples":true}""");
        JsonNode json = JsonNode.Parse(await AnswerAsync(Path, body, Json, Json))!;
        Assert.Equal("[[0,1,2],[1,0,2],[2,3,0],[3,2,1]]", json["tuples"]!.ToJsonString());
        // Integers have no base64 form.
        json = JsonNode.Parse(await AnswerAsync(Path + "?encoding=base64", body, Json, Json))!;
        Assert.Equal("""{"shape":[4,3],"data":[0,1,2,1,0,2,2,3,0,3,2,1]}""", json["tuples"]!.ToJsonString());
        (var tensors, _) = Safe.Parse(await AnswerAsync(Path, body, Json, Safetensors));
        Assert.Equal("I32", tensors["tuples"].Dtype);
        Assert.Equal([4, 3], tensors["tuples"].Shape);
        Assert.Equal(Safe.Bytes(0, 1, 2, 1, 0, 2, 2, 3, 0, 3, 2, 1), tensors["tuples"].Bytes);
        JsonNode plain = JsonNode.Parse(await AnswerAsync(Path + "?return_tuples=false", """{"embeddings":[[0]],"labels":[0]}"""u8.ToArray(), Json, Json))!;
        Assert.Null(plain["tuples"]);
    }

    [Fact]
    public async Task State_OfALoss_ComesBackForTheNextRequest()
    {
        const string Path = "/v1/losses/seesaw_loss";
        byte[] body = """{"logits":[[2,1,0],[0,1,3]],"targets":[0,2],"class_counts":[5,1,0]}"""u8.ToArray();
        JsonNode json = JsonNode.Parse(await AnswerAsync(Path, body, Json, Json))!;
        Assert.Equal([6, 1, 1], json["class_counts"]!.AsArray().Select(count => (double)count!));
    }

    [Fact]
    public async Task Tensors_OfGoodAndBadFiles_GoBackToThePool()
    {
        await using var service = new Service("Production"); // of its own: nobody else rents from its pool
        await service.WarmAsync(); // which rents, too
        foreach (byte[] file in (byte[][])[MseFile, MseFile[..^1], [.. MseFile, 0], Safe.File("predictions", "F32", Safe.Bytes(1f), 1)])
        {
            using HttpResponseMessage answer = await PostAsync(Mse, file, Safetensors, null, service);
            await answer.Content.ReadAsByteArrayAsync();
            Assert.Equal(file == MseFile, answer.IsSuccessStatusCode);
            await service.AssertNothingLeasedAsync();
        }
    }

    [Theory]
    [InlineData(Json, null, Json)]
    [InlineData(Safetensors, null, Safetensors)]
    [InlineData(Json, "*/*", Json)]
    [InlineData(Safetensors, "*/*", Safetensors)]
    [InlineData(Json, "application/*", Json)]
    [InlineData(Safetensors, "application/*", Safetensors)]
    [InlineData(Json, Safetensors, Safetensors)]
    [InlineData(Safetensors, Json, Json)]
    [InlineData(Json, "application/json;q=0, */*", Safetensors)]
    [InlineData(Json, "application/json;q=0.5, application/vnd.safetensors", Safetensors)]
    [InlineData(Safetensors, "application/json;q=0.5, application/vnd.safetensors;q=0.4", Json)]
    [InlineData(Safetensors, "application/json, application/vnd.safetensors", Safetensors)]
    [InlineData(Safetensors, "text/html, */*;q=0.1", Safetensors)]
    [InlineData(Json, "text/html", Problem)]
    [InlineData(Safetensors, "application/problem+json", Problem)]
    [InlineData(Safetensors, "application/vnd.safetensors;q=0", Problem)]
    [InlineData(Json, Bytes, Problem)]
    public async Task Accept_WithEitherRequest_ChoosesTheAnswer(string contentType, string? accept, string expected)
    {
        byte[] body = contentType == Json ? MseJson : MseFile;
        using HttpResponseMessage answer = await PostAsync(Mse, body, contentType, accept);
        Assert.Equal(expected, answer.Content.Headers.ContentType?.ToString());
        if (expected == Problem)
        {
            await ProblemAssert.IsAsync(answer, 406, "not_acceptable");
            return;
        }

        Assert.Equal(200, (int)answer.StatusCode);
        byte[] bytes = await answer.Content.ReadAsByteArrayAsync();
        if (expected == Safetensors)
        {
            Assert.Equal(bytes.Length, answer.Content.Headers.ContentLength);
            Assert.Equal(Safe.Bytes(10f / 3), Safe.Parse(bytes).Tensors["loss"].Bytes);
        }
    }

    // Whoever takes it in can make room for it, and sees where it was cut.
    [Fact]
    public async Task Answer_ThatLeavesInParts_SaysItsLengthFirst()
    {
        const int Count = 200_000;
        byte[] numbers = Safe.Bytes<float>(new float[Count]);
        using HttpClient client = Host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, Mse)
        {
            Content = new ByteArrayContent(Safe.File(
                [("predictions", "F32", [Count], numbers), ("targets", "F32", [Count], numbers)])),
        };
        request.Content.Headers.ContentType = new(Safetensors);
        using HttpResponseMessage answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(200, (int)answer.StatusCode);
        long? said = answer.Content.Headers.ContentLength; // before reading could count it
        Assert.Equal((await answer.Content.ReadAsByteArrayAsync()).Length, said);
    }

    [Fact]
    public async Task OctetStream_WithItsFormatNamed_IsSafetensors()
    {
        using HttpResponseMessage answer = await PostAsync($"{Mse}?format=safetensors&reduction=sum", MseFile, Bytes, null);
        Assert.Equal(Safetensors, answer.Content.Headers.ContentType?.ToString());
        Assert.Equal(Safe.Bytes(10f), Safe.Parse(await answer.Content.ReadAsByteArrayAsync()).Tensors["loss"].Bytes);
        using HttpResponseMessage same = await PostAsync($"{Mse}?format=safetensors", MseJson, Json, Bytes);
        Assert.Equal(Bytes, same.Content.Headers.ContentType?.ToString());
        Assert.Equal(Safe.Bytes(10f / 3), Safe.Parse(await same.Content.ReadAsByteArrayAsync()).Tensors["loss"].Bytes);
    }

    [Theory]
    [InlineData("", Bytes)]
    [InlineData("?format=", Bytes)]
    [InlineData("?format=json", Bytes)]
    [InlineData("?format=safetensors&format=safetensors", Bytes)]
    [InlineData("?format=pickle", Json)]
    [InlineData("", "application/vnd.safetensor")]
    public async Task ContentType_ThatSaysTooLittle_Unsupported(string query, string contentType)
    {
        using HttpResponseMessage answer = await PostAsync(Mse + query, MseFile, contentType, Safetensors);
        await ProblemAssert.IsAsync(answer, 415, "unsupported_media_type");
    }

    [Fact]
    public async Task Options_InQueryAndMetadata_CountAlike()
    {
        byte[] file = Safe.File(
            [("predictions", "F32", [3], Safe.Bytes(1f, 2, 4)), ("targets", "U8", [3], [1, 1, 1])],
            ("reduction", "sum"), ("gradients", "targets"), ("hessian", "diagonal"), ("return_items", "true"));
        (var tensors, JsonObject options) = Safe.Parse(await AnswerAsync(Mse, file, Safetensors, Safetensors));
        Assert.Equal(["loss", "losses", "gradients.targets", "hessian.targets"], tensors.Keys);
        Assert.Equal(Safe.Bytes(-0f, -2, -6), tensors["gradients.targets"].Bytes);
        Assert.Equal("""{"dtype":"float32"}""", options.ToJsonString());
        file = Safe.File([("predictions", "F64", [3], Safe.Bytes(1.0, 2, 4)), ("targets", "U8", [3], [1, 1, 1])], ("gradients", ""));
        (tensors, options) = Safe.Parse(await AnswerAsync($"{Mse}?reduction=mean", file, Safetensors, Safetensors));
        Assert.Equal(["loss"], tensors.Keys);
        Assert.Equal(("F64", 10.0 / 3), (tensors["loss"].Dtype, BitConverter.ToDouble(tensors["loss"].Bytes)));
        Assert.Equal("""{"rule":"count","value":3}""", (string?)options["normalizer"]);
    }

    [Fact]
    public async Task Mistakes_InABinaryBody_ComeAllAtOnceAsAProblem()
    {
        byte[] file = Safe.File(
            [("predictions", "F32", [3], Safe.Bytes(1f, 2, 4)), ("targets", "F32", [2], Safe.Bytes(1f, float.NaN)), ("extra", "F32", [1], new byte[4])],
            ("loss_weight", "many"), ("avg_factor", "0"));
        using HttpResponseMessage answer = await PostAsync($"{Mse}?hessian=diagonal&tie=none", file, Safetensors, Safetensors);
        JsonNode problem = await ProblemAssert.IsAsync(answer, 422, "parameter_out_of_range");
        Assert.Equal(
            [
                "/__metadata__/avg_factor parameter_out_of_range", "/__metadata__/loss_weight parameter_out_of_range",
                "/extra unknown_member", "/targets non_finite_input", "/targets shape_mismatch", "?tie parameter_out_of_range",
            ],
            ProblemAssert.Errors(problem).Order(StringComparer.Ordinal));
    }

    // Where they were given, whoever finds the mistake and when.
    [Theory]
    [InlineData("", "/__metadata__/gradients gradient_not_available", "/__metadata__/reduction option_conflict")]
    [InlineData("?reduction=batchmean&gradients=targets", "?gradients gradient_not_available", "?reduction option_conflict")]
    public async Task Options_OfTheMetadata_ArePointedAtThere(string query, params string[] errors)
    {
        (string, string)[] options = query.Length > 0 ? [] : [("reduction", "batchmean"), ("gradients", "targets")];
        byte[] file = Safe.File(
            [("logits", "F32", [1, 2], Safe.Bytes(1f, 2)), ("targets", "I64", [1], Safe.Bytes(0L))], options);
        using HttpResponseMessage answer = await PostAsync($"/v1/losses/cross_entropy{query}", file, Safetensors, null);
        JsonNode problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal(errors, ProblemAssert.Errors(problem).Order(StringComparer.Ordinal));
    }

    // What is read as labels and as numbers was rounded only if it is numbers.
    [Theory]
    [InlineData("index", false)]
    [InlineData("probability", true)]
    public async Task Float64_ThatTurnsOutToBeLabels_WasNotRounded(string targetType, bool isTold)
    {
        double[] targets = targetType == "index" ? [0] : [0.25, 0.75];
        int[] shape = targetType == "index" ? [1] : [1, 2];
        byte[] file = Safe.File([("logits", "F32", [1, 2], Safe.Bytes(1f, 2)), ("targets", "F64", shape, Safe.Bytes<double>(targets))]);
        string tensor = $$"""{"shape":[{{string.Join(',', shape)}}],"dtype":"float64","base64":"{{Convert.ToBase64String(Safe.Bytes<double>(targets))}}"}""";
        byte[] json = Encoding.UTF8.GetBytes($$"""{"logits":[[1,2]],"targets":{{tensor}} }""");
        foreach ((byte[] body, string format) in new[] { (file, Safetensors), (json, Json) })
        {
            JsonNode answer = JsonNode.Parse(await AnswerAsync("/v1/losses/cross_entropy", body, format, Json))!;
            Assert.Equal(isTold, answer["notes"]?.AsArray().Any(note => (string?)note!["code"] == "rounded") == true);
        }
    }

    [Theory]
    [InlineData("{", 400, "malformed_json", " malformed_json")]
    [InlineData("""{"predictions":{"dtype":"F32","shape":[3],"data_offsets":[4,16]}}""", 400, "malformed_json", "/predictions malformed_json")]
    [InlineData("""{"predictions":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""", 400, "malformed_json", "/predictions malformed_json")]
    [InlineData("""{"predictions":{"dtype":"F32","shape":[99999999],"data_offsets":[0,12]}}""", 413, "limit_exceeded", "/predictions limit_exceeded")]
    [InlineData("""{"predictions":{"dtype":"C64","shape":[0],"data_offsets":[0,0]}}""", 422, "dtype_unsupported", "/predictions dtype_unsupported,/targets missing_input")]
    public async Task File_ThatBreaksOff_IsNotBlamedForWhatWasNotRead(string header, int status, string code, string errors)
    {
        using HttpResponseMessage answer = await PostAsync(Mse, Safe.File(header), Safetensors, null);
        JsonNode problem = await ProblemAssert.IsAsync(answer, status, code);
        Assert.Equal(errors.Split(','), ProblemAssert.Errors(problem));
    }

    [Fact]
    public async Task NonFiniteAnswer_InBinary_IsWrittenOrAProblem()
    {
        byte[] file = Safe.File([("predictions", "F32", [1], Safe.Bytes(1f))]);
        byte[] answer = await AnswerAsync("/v1/losses/fake_endless", file, Safetensors, Safetensors);
        Assert.Equal(Safe.Bytes(float.PositiveInfinity), Safe.Parse(answer).Tensors["loss"].Bytes);
        using HttpResponseMessage error = await PostAsync("/v1/losses/fake_endless?non_finite=error", file, Safetensors, Safetensors);
        await ProblemAssert.IsAsync(error, 422, "non_finite_output");
    }

    [Fact]
    public async Task Info_Formats_ListBoth()
    {
        JsonNode info = await Host.ReadAsync("/v1/info");
        Assert.Equal([Json, Safetensors], info["formats"]!.AsArray().Select(one => (string)one!));
        Assert.Contains(info["limits"]!.AsArray(), one => (string?)one!["name"] == "header");
    }

    // What a JSON body says, as a file: integers as I64 where all are, booleans as BOOL, floats in the dtype.
    private static byte[] FileOf(LossCard card, byte[] body, string dtype)
    {
        using var request = new LossRequest(card);
        request.Set(card.PlaceOfParameter("dtype"), dtype == "float64" ? 1 : 0);
        var limits = new ReadLimits(1 << 20, 1 << 20, 16, 1_100, 1 << 20);
        var codec = new JsonCodec();
        codec.ReadAsync(PipeReader.Create(new(body)), request, limits, new TensorPool(1 << 26), default).AsTask().GetAwaiter().GetResult();
        Assert.Empty(request.Mistakes.All);

        var tensors = new List<(string, string, int[], byte[])>();
        for (int place = 0; place < card.Inputs.Count + Common.Tensors.Count; place++)
        {
            if (!request.HasInput(place))
            {
                continue;
            }

            Shape shape = request.AnyTensor(place).Shape;
            int[] lengths = shape.CopyTo(new int[shape.Rank]).ToArray();
            string name = card.InputAt(place).Name;
            if (request.LabelTensor(place) is { } labels && !labels.Label.ContainsAny(Labels.NotAnInteger, Labels.TooLarge))
            {
                tensors.Add((name, "I64", lengths, Safe.Bytes<long>([.. labels.Label.ToArray().Select(one => (long)one)])));
                continue;
            }

            Tensor tensor = request.Tensor(place)!;
            string type = tensor.Element switch
            {
                Element.Float64 => "F64",
                Element.Float32 => "F32",
                _ => "BOOL",
            };
            tensors.Add((name, type, lengths, tensor.Bytes.ToArray()));
        }

        var options = new List<(string, string)>();
        for (int place = 0; place < card.Parameters.Count + Common.Parameters.Count; place++)
        {
            if (request.IsGiven(place))
            {
                Parameter parameter = card.ParameterAt(place);
                options.Add((parameter.Name, ParameterText.Format(parameter, request[parameter])));
            }
        }

        if (request.Gradients is { } gradients)
        {
            options.Add(("gradients", string.Join(",", card.Inputs.Where((_, place) => (gradients >> place & 1) != 0).Select(one => one.Name))));
        }

        return Safe.File([.. tensors], [.. options]);
    }

    private static void AssertSame(JsonObject json, byte[] file, string dtype)
    {
        (var tensors, JsonObject options) = Safe.Parse(file);
        var expected = new Dictionary<string, JsonNode>();
        foreach ((string name, JsonNode? value) in json)
        {
            switch (name)
            {
                case "loss" or "losses":
                    expected[name] = value!;
                    break;
                case "gradients" or "hessian":
                    foreach ((string input, JsonNode? tensor) in value!.AsObject())
                    {
                        expected[$"{name}.{input}"] = tensor!;
                    }

                    break;
                case "dtype":
                    Assert.Equal((string?)value, (string?)options[name]);
                    break;
                case var _ when tensors.ContainsKey(name):
                    expected[name] = value!;
                    break;
                default:
                    Assert.True(JsonNode.DeepEquals(value, JsonNode.Parse((string)options[name]!)), name);
                    break;
            }
        }

        Assert.Equal(json.Count(one => one.Key is not ("gradients" or "hessian") && !expected.ContainsKey(one.Key)), options.Count);
        Assert.Equal(expected.Keys, tensors.Keys);
        foreach ((string name, JsonNode value) in expected)
        {
            Assert.Equal(dtype == "float64" ? "F64" : "F32", tensors[name].Dtype);
            JsonArray numbers = value is JsonObject flat ? flat["data"]!.AsArray() : [value.DeepClone()];
            Assert.Equal(numbers.Select(one => Number(one!, dtype)), Safe.Numbers(tensors[name].Dtype, tensors[name].Bytes));
        }
    }

    private static string Number(JsonNode number, string dtype)
    {
        string text = number.ToJsonString().Trim('"');
        double value = dtype == "float64"
            ? double.Parse(text, CultureInfo.InvariantCulture) : float.Parse(text, CultureInfo.InvariantCulture);
        return Safe.Text(value);
    }

    private static async Task<byte[]> AnswerAsync(string path, byte[] body, string contentType, string accept)
    {
        using HttpResponseMessage answer = await PostAsync(path, body, contentType, accept);
        byte[] bytes = await answer.Content.ReadAsByteArrayAsync();
        Assert.True((int)answer.StatusCode == 200, $"{path}: {Encoding.UTF8.GetString(bytes)}");
        Assert.Equal(accept, answer.Content.Headers.ContentType?.ToString());
        return bytes;
    }

    private static async Task<HttpResponseMessage> PostAsync(string path, byte[] body, string contentType, string? accept, Service? service = null)
    {
        using HttpClient client = (service ?? Host).CreateClient();
        if (accept is not null)
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation("Accept", accept);
        }

        using var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        return await client.PostAsync(new Uri(path, UriKind.Relative), content);
    }
}
