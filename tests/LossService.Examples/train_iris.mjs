// Trains softmax regression on the Iris flowers; LossService is the only source of loss and gradient.
//
//     node train_iris.mjs http://localhost:5080
//
// No package is needed: the service answers dL/dlogits, and the rest of the chain rule, dL/dW = X^T dL/dlogits, is one
// line. Node 18 or later.
import { readFileSync } from 'node:fs';

const steps = 300, stepSize = 0.5, momentum = 0.9;
const accuracyMin = 0.96;
const base = process.argv[2] ?? 'http://localhost:5080';

// The mean loss and its gradient with respect to the logits.
async function crossEntropy(logits, targets) {
  const response = await fetch(new URL('/v1/losses/cross_entropy', base), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ logits, targets }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${answer.title}: ${JSON.stringify(answer.errors ?? answer.detail)}`);
  return { loss: answer.loss, dLogits: answer.gradients.logits };
}

// Each feature with mean 0 and deviation 1, a 1 for the bias, and the species as 0, 1, 2.
function load(url) {
  const rows = readFileSync(url, 'utf8').trim().split('\n').slice(1).map(line => line.split(','));
  const species = [...new Set(rows.map(row => row.at(-1)))].sort();
  const columns = transpose(rows.map(row => row.slice(0, -1).map(Number))).map(column => {
    const mean = sum(column) / column.length;
    const deviation = Math.sqrt(sum(column.map(v => (v - mean) ** 2)) / column.length);
    return column.map(v => (v - mean) / deviation);
  });
  return { x: transpose([...columns, rows.map(() => 1)]), targets: rows.map(row => species.indexOf(row.at(-1))) };
}

const sum = values => values.reduce((total, value) => total + value, 0);
const transpose = matrix => matrix[0].map((_, j) => matrix.map(row => row[j]));
const multiply = (a, b) => {
  const columns = transpose(b);
  return a.map(row => columns.map(column => sum(row.map((v, i) => v * column[i]))));
};
const combine = (a, b, f) => a.map((row, i) => row.map((v, j) => f(v, b[i][j])));

const { x, targets } = load(new URL('iris.csv', import.meta.url));
const xTransposed = transpose(x);
// The loss is convex: any start will do, so nothing is random.
let weights = x[0].map(() => Array(Math.max(...targets) + 1).fill(0));
let velocity = weights;

for (let step = 0; step <= steps; step++) {
  const { loss, dLogits } = await crossEntropy(multiply(x, weights), targets);
  if (step % 50 === 0) console.log(`step ${String(step).padStart(3)}  loss ${loss.toFixed(6)}`);
  velocity = combine(velocity, multiply(xTransposed, dLogits), (v, d) => momentum * v - stepSize * d);
  weights = combine(weights, velocity, (w, v) => w + v);
}

const hits = multiply(x, weights).filter((row, i) => row.indexOf(Math.max(...row)) === targets[i]).length;
const accuracy = hits / targets.length;
console.log(`accuracy ${accuracy.toFixed(4)}`);
process.exitCode = accuracy < accuracyMin ? 1 : 0;
