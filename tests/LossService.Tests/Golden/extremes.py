#!/usr/bin/env python3
"""Writes extremes.json: losses and gradients at saturated, tiny and huge scores, computed with 60 digits.

Needs Debian's python3-mpmath. Run it in this folder: ./extremes.py > extremes.json
Each number comes with a scale: the sum of the magnitudes of the terms it is the sum of. A test holds the engine's error
against that scale, which is the number itself wherever nothing cancels.
"""
import itertools
import json
import struct

from mpmath import exp, log, log1p, mp, mpf, nstr

mp.dps = 60

SIZES = {
    "float64": [0.0, 1e-300, 1e-8, 0.5, 20.0, 40.0, 100.0, 700.0, 745.0, 1000.0, 1e5],
    "float32": [0.0, 1e-30, 1e-8, 0.5, 20.0, 40.0, 100.0, 700.0, 745.0, 1000.0, 1e5],
}
FEW = {"float64": [0.0, 1e-8, 20.0, 40.0, 700.0, 1e5], "float32": [0.0, 1e-8, 20.0, 40.0, 90.0, 1e5]}


def rounded(number, dtype):
    return struct.unpack("f", struct.pack("f", number))[0] if dtype == "float32" else number


def signed(sizes):
    return [sign * size for size in sizes for sign in (1.0, -1.0)]


def text(number):
    return float(nstr(number, 25))


def softplus(x):
    return log1p(exp(x)) if x < 0 else x + log1p(exp(-x))


def sigmoid(x):
    return 1 / (1 + exp(-x))


def case(loss, dtype, request, losses, gradients):
    """losses and gradients hold pairs of a number and its scale."""
    return {
        "loss": loss,
        "request": {"dtype": dtype, "reduction": "none", **request},
        "losses": [[text(number), text(scale)] for number, scale in losses],
        "gradients": {name: [[text(number), text(scale)] for number, scale in numbers] for name, numbers in gradients.items()},
    }


def exact(number):
    return number, abs(number)


def total(*terms):
    return sum(terms), sum(abs(term) for term in terms)


def binary(dtype):
    targets = [0.0, 1.0, rounded(0.3, dtype), rounded(1 - 1e-10, dtype)]
    points = [(rounded(x, dtype), y) for x in signed(SIZES[dtype]) for y in targets]
    losses, slopes = [], []
    for x, y in points:
        x, y = mpf(x), mpf(y)
        losses.append(total(y * softplus(-x), (1 - y) * softplus(x)))
        slopes.append(total((1 - y) * sigmoid(x), -y * sigmoid(-x)))
    request = {"logits": [x for x, _ in points], "targets": [y for _, y in points], "gradients": ["logits"]}
    return case("binary_cross_entropy_with_logits", dtype, request, losses, {"logits": slopes})


def focal(dtype, gamma):
    targets = [0.0, 1.0, rounded(0.3, dtype)]
    points = [(rounded(x, dtype), y) for x in signed(SIZES[dtype]) for y in targets]
    losses, slopes = [], []
    alpha, power = mpf(0.25), mpf(gamma)
    for x, y in points:
        x, y = mpf(x), mpf(y)
        p, q = sigmoid(x), sigmoid(-x)
        entropy = y * softplus(-x) + (1 - y) * softplus(x)
        miss = y * q + (1 - y) * p
        weight = alpha * y + (1 - alpha) * (1 - y)
        fading = weight * miss ** power
        losses.append(exact(fading * entropy))
        slopes.append(total(
            fading * power * (1 - 2 * y) * p * q / miss * entropy, fading * (1 - y) * p, -fading * y * q))
    request = {"logits": [x for x, _ in points], "targets": [y for _, y in points], "gamma": gamma, "gradients": ["logits"]}
    return case("sigmoid_focal_loss", dtype, request, losses, {"logits": slopes})


def softmax(z):
    """The probabilities, their complements, and their logarithms, none from a difference."""
    others = [sum(exp(b - a) for j, b in enumerate(z) if j != i) for i, a in enumerate(z)]
    return [1 / (1 + o) for o in others], [o / (1 + o) for o in others], [-log1p(o) for o in others]


def rows(dtype):
    pairs = [[a, b] for a in signed(FEW[dtype]) for b in signed(FEW[dtype])]
    return [[rounded(z, dtype) for z in pair] + [0.0] for pair in pairs]


def cross_entropy(dtype, target):
    losses, slopes, scores, targets = [], [], rows(dtype), []
    for z in scores:
        p, miss, logs = softmax([mpf(a) for a in z])
        t = [mpf(a) for a in target] if isinstance(target, list) else [mpf(int(c == target)) for c in range(3)]
        targets.append(target)
        losses.append(total(*[-a * b for a, b in zip(t, logs)]))
        for c in range(3):
            slopes.append(exact(-miss[c]) if t[c] == 1 else total(p[c], -t[c]))
    request = {"logits": scores, "targets": targets, "gradients": ["logits"]}
    return case("cross_entropy", dtype, request, losses, {"logits": slopes})


def divergence(p_side, q_side, temperature):
    """Loss and gradients of T^2 KL(softmax(p_side / T) || softmax(q_side / T))."""
    t = mpf(temperature)
    p, _, log_p = softmax([mpf(z) / t for z in p_side])
    q, _, log_q = softmax([mpf(z) / t for z in q_side])
    terms = [a * (b - c) for a, b, c in zip(p, log_p, log_q)]
    scale = t * t * sum(a * (abs(b) + abs(c)) for a, b, c in zip(p, log_p, log_q))
    return (t * t * sum(terms), scale), [total(t * b, -t * a) for a, b in zip(p, q)]


def distillation(dtype, temperature):
    few = rows(dtype)
    pairs = list(zip(few, few[7:] + few[:7])) + list(zip(few, few[30:] + few[:30]))
    answers = [divergence(teacher, student, temperature) for student, teacher in pairs]
    request = {
        "student_logits": [student for student, _ in pairs],
        "teacher_logits": [teacher for _, teacher in pairs],
        "temperature": temperature,
        "gradients": ["student_logits"],
    }
    slopes = list(itertools.chain.from_iterable(slopes for _, slopes in answers))
    return case("kd_loss", dtype, request, [loss for loss, _ in answers], {"student_logits": slopes})


def kullback(dtype):
    few = rows(dtype)
    pairs = list(zip(few, few[11:] + few[:11]))
    answers = [divergence(p, q, 1) for p, q in pairs]
    request = {"p_logits": [p for p, _ in pairs], "q_logits": [q for _, q in pairs], "gradients": ["q_logits"]}
    slopes = list(itertools.chain.from_iterable(slopes for _, slopes in answers))
    return case("kl_divergence", dtype, request, [loss for loss, _ in answers], {"q_logits": slopes})


def main():
    cases = []
    for dtype in ("float64", "float32"):
        cases.append(binary(dtype))
        cases += [focal(dtype, gamma) for gamma in (0.5, 1.0, 2.0, 3.7)]
        cases += [cross_entropy(dtype, target) for target in (0, 2, [1.0, 0.0, 0.0], [0.25, 0.75, 0.0])]
        cases += [distillation(dtype, temperature) for temperature in (1.0, 4.0)]
        cases.append(kullback(dtype))
    print("[\n" + ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases) + "\n]")


main()
