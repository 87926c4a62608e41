"""Trains three one-vs-rest classifiers on the Iris flowers with the focal loss of LossService.

    python3 train_iris_focal.py http://localhost:5080

Each logit asks "this species or another one?" and is scored by a sigmoid of its own, as in object detection. The service
takes the class indices as they are and answers dL/dlogits; the rest of the chain rule is one line.
"""
import csv
import http.client
import json
import pathlib
import statistics
import sys
import urllib.parse

STEPS, STEP_SIZE, MOMENTUM = 500, 2.0, 0.9
ALPHA, GAMMA = 0.25, 2.0  # of the article: one positive among many negatives, easy examples fade
ACCURACY_MIN = 0.94

base = urllib.parse.urlsplit(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:5080")
service = http.client.HTTPConnection(base.hostname, base.port, timeout=60)  # one connection for all steps


def focal_loss(logits, targets):
    """The loss and its gradient with respect to the logits, over the number of positives: each flower is one."""
    request = {"logits": logits, "targets": targets, "alpha": ALPHA, "gamma": GAMMA, "avg_factor": len(targets)}
    body = json.dumps(request)
    service.request("POST", "/v1/losses/sigmoid_focal_loss", body, {"Content-Type": "application/json"})
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
weights = [[0.0] * classes for _ in x[0]]  # a random start gains nothing, and zeros need no seed
velocity = [[0.0] * classes for _ in x[0]]

for step in range(STEPS + 1):
    loss, d_logits = focal_loss(multiply(x, weights), targets)
    if step % 100 == 0:
        print(f"step {step:3}  loss {loss:.6f}")
    d_weights = multiply(x_transposed, d_logits)
    velocity = [[MOMENTUM * v - STEP_SIZE * d for v, d in zip(*rows)] for rows in zip(velocity, d_weights)]
    weights = [[w + v for w, v in zip(*rows)] for rows in zip(weights, velocity)]

scores = multiply(x, weights)
accuracy = sum(row.index(max(row)) == target for row, target in zip(scores, targets)) / len(targets)
print(f"accuracy {accuracy:.4f}")
sys.exit(accuracy < ACCURACY_MIN)
