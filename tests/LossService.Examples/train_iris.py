"""Trains softmax regression on the Iris flowers; LossService is the only source of loss and gradient.

    python3 train_iris.py http://localhost:5080

Python's standard library has no autograd, and needs none: the service answers dL/dlogits, and the rest of the chain
rule, dL/dW = X^T dL/dlogits, is one line.
"""
import csv
import http.client
import json
import pathlib
import statistics
import sys
import urllib.parse

STEPS, STEP_SIZE, MOMENTUM = 300, 0.5, 0.9
ACCURACY_MIN = 0.96

base = urllib.parse.urlsplit(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:5080")
service = http.client.HTTPConnection(base.hostname, base.port, timeout=60)  # one connection for all steps


def cross_entropy(logits, targets):
    """The mean loss and its gradient with respect to the logits."""
    body = json.dumps({"logits": logits, "targets": targets})
    service.request("POST", "/v1/losses/cross_entropy", body, {"Content-Type": "application/json"})
    response = service.getresponse()
    answer = json.load(response)
    if response.status != 200:
        sys.exit(f"{answer['title']}: {answer['errors'] if 'errors' in answer else answer['detail']}")
    return answer["loss"], answer["gradients"]["logits"]


def load(path):
    """Each feature with mean 0 and deviation 1, a 1 for the bias, and the species as 0, 1, 2."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    columns = [[float(text) for text in column] for column in list(zip(*rows))[:-1]]
    scaled = [[(x - statistics.mean(c)) / statistics.pstdev(c) for x in c] for c in columns]
    species = sorted({row[-1] for row in rows})
    return [[*flower, 1.0] for flower in zip(*scaled)], [species.index(row[-1]) for row in rows]


def multiply(a, b):
    columns = list(zip(*b))
    return [[sum(x * y for x, y in zip(row, column)) for column in columns] for row in a]


x, targets = load(pathlib.Path(__file__).with_name("iris.csv"))
x_transposed = list(zip(*x))
classes = max(targets) + 1
weights = [[0.0] * classes for _ in x[0]]  # the loss is convex: any start will do, so nothing is random
velocity = [[0.0] * classes for _ in x[0]]

for step in range(STEPS + 1):
    loss, d_logits = cross_entropy(multiply(x, weights), targets)
    if step % 50 == 0:
        print(f"step {step:3}  loss {loss:.6f}")
    d_weights = multiply(x_transposed, d_logits)
    velocity = [[MOMENTUM * v - STEP_SIZE * d for v, d in zip(*rows)] for rows in zip(velocity, d_weights)]
    weights = [[w + v for w, v in zip(*rows)] for rows in zip(weights, velocity)]

scores = multiply(x, weights)
accuracy = sum(row.index(max(row)) == target for row, target in zip(scores, targets)) / len(targets)
print(f"accuracy {accuracy:.4f}")
sys.exit(accuracy < ACCURACY_MIN)
