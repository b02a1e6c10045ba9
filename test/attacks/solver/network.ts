// SPDX-License-Identifier: AGPL-3.0-or-later
// A small convolutional network with its own backpropagation, for pictures as rows of pixels with channels.

import { createMemory, type Memory } from './gemm.js'

/** A convolution over `kernel` [height, width] pixels, a leaky ReLU, and a maximum over `pool` [height, width] pixels. */
export interface LayerShape {
  kernel: readonly [number, number]
  /** zeros around the picture, [above and below, left and right] */
  padding: readonly [number, number]
  /** a multiple of 8 */
  filters: number
  pool?: readonly [number, number]
  /** no ReLU: the last layer */
  linear?: boolean
}

const LEAK = 0.1
// Adam, as its authors propose
const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8]

interface Layer extends LayerShape {
  input: { height: number; width: number; channels: number }
  output: { height: number; width: number }
  pooled: { height: number; width: number }
  /** length of a patch, and pixels, as the product needs them */
  patch: number
  pixels: number
  weights: Float32Array
  turned: Float32Array
  bias: Float32Array
  gradients: Float32Array
  biasGradients: Float32Array
  moments: [Float32Array, Float32Array, Float32Array, Float32Array]
  patches: Float32Array
  patchGradients: Float32Array
  values: Float32Array
  valueGradients: Float32Array
  result: Float32Array
  resultGradients: Float32Array
  chosen: Int32Array
}

const up = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple

export interface Network {
  /** The values of the last layer, row by row; valid until the next call. */
  forward(pixels: Float32Array): Float32Array
  /** Adds the gradients of the last input. @param loss the gradient of the loss by each value of the last layer */
  backward(loss: Float32Array): void
  /** Takes a step against the gradients gathered since the last one. */
  step(rate: number, count: number): void
  /** Number of weights. */
  size: number
}

/** @param random from 0 to 1 */
export function createNetwork(
  [height, width]: readonly [number, number],
  shapes: readonly LayerShape[],
  random: () => number,
): Network {
  const memory = createMemory()
  const layers: Layer[] = []
  let input = { height, width, channels: 1 }
  for (const shape of shapes) {
    const layer = createLayer(memory, shape, input, random)
    layers.push(layer)
    input = { ...layer.pooled, channels: layer.filters }
  }
  let steps = 0
  return {
    size: layers.reduce((sum, { weights, bias }) => sum + weights.length + bias.length, 0),
    forward(given) {
      let values = given
      for (const layer of layers) values = forward(memory, layer, values)
      return values
    },
    backward(loss) {
      const last = layers.at(-1) as Layer
      last.resultGradients.set(loss)
      for (let at = layers.length - 1; at >= 0; at--) {
        const before = layers[at - 1]
        backward(memory, layers[at] as Layer, before?.resultGradients ?? null)
      }
    },
    step(rate, count) {
      steps++
      for (const layer of layers) {
        const [m, v, mb, vb] = layer.moments
        adam(layer.weights, layer.gradients, m, v, rate, count, steps)
        adam(layer.bias, layer.biasGradients, mb, vb, rate, count, steps)
        turn(layer)
      }
    },
  }
}

function createLayer(memory: Memory, shape: LayerShape, input: Layer['input'], random: () => number): Layer {
  const { kernel, padding, filters, pool = [1, 1] } = shape
  const patch = up(kernel[0] * kernel[1] * input.channels, 8)
  const output = {
    height: input.height + 2 * padding[0] - kernel[0] + 1,
    width: input.width + 2 * padding[1] - kernel[1] + 1,
  }
  const pooled = { height: Math.floor(output.height / pool[0]), width: Math.floor(output.width / pool[1]) }
  const pixels = up(output.height * output.width, 4)
  const results = pooled.height * pooled.width * filters
  const floats = memory.floats
  const layer: Layer = {
    ...{ ...shape, input, output, pooled, patch, pixels },
    weights: floats(patch * filters),
    turned: floats(patch * filters),
    bias: floats(filters),
    gradients: floats(patch * filters),
    biasGradients: floats(filters),
    moments: [floats(patch * filters), floats(patch * filters), floats(filters), floats(filters)],
    patches: floats(pixels * patch),
    patchGradients: floats(pixels * patch),
    values: floats(pixels * filters),
    valueGradients: floats(pixels * filters),
    result: floats(results),
    resultGradients: floats(results),
    chosen: new Int32Array(results),
  }
  // He's initialisation
  const inputs = kernel[0] * kernel[1] * input.channels
  const deviation = Math.sqrt(2 / inputs)
  for (let at = 0; at < inputs * filters; at++) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    layer.weights[at] = normal * deviation
  }
  turn(layer)
  return layer
}

/** Keeps the weights also by filter, as the way back needs them. */
function turn({ weights, turned, patch, filters }: Layer): void {
  for (let row = 0; row < patch; row++)
    for (let filter = 0; filter < filters; filter++)
      turned[filter * patch + row] = weights[row * filters + filter] as number
}

function forward(memory: Memory, layer: Layer, from: Float32Array): Float32Array {
  const { pooled, filters, patch, pixels, values, result, chosen, pool = [1, 1], linear } = layer
  const [high, wide] = pool
  const across = layer.output.width * filters
  gather(layer, from)
  for (let at = 0; at < filters; at++) values[at] = layer.bias[at] as number
  for (let done = filters; done < values.length; done *= 2) values.copyWithin(done, 0, done)
  memory.multiply(layer.patches, layer.weights, values, {
    m: pixels,
    n: filters,
    k: patch,
    row: patch,
    column: 1,
  })
  for (let y = 0, to = 0; y < pooled.height; y++) {
    for (let x = 0; x < pooled.width; x++) {
      for (let filter = 0; filter < filters; filter++, to++) {
        const corner = y * high * across + x * wide * filters + filter
        let best = corner
        let most = values[corner] as number
        for (let dy = 0; dy < high; dy++) {
          for (let dx = 0; dx < wide; dx++) {
            const at = corner + dy * across + dx * filters
            const value = values[at] as number
            if (value > most) {
              most = value
              best = at
            }
          }
        }
        chosen[to] = best
        result[to] = most < 0 && !linear ? LEAK * most : most
      }
    }
  }
  return result
}

/** Calls `copy` for each run of numbers that a patch and the picture share: the part of a kernel's row that is inside. */
function eachRun(
  { input, output, kernel, padding, patch }: Layer,
  copy: (inPatch: number, inPicture: number, count: number) => void,
): void {
  const [high, wide] = kernel
  const { channels, width, height } = input
  for (let y = 0, row = 0; y < output.height; y++) {
    for (let x = 0; x < output.width; x++, row += patch) {
      const left = Math.max(0, padding[1] - x)
      const right = Math.min(wide, width + padding[1] - x)
      for (let ky = 0; ky < high; ky++) {
        const line = y + ky - padding[0]
        if (line < 0 || line >= height) continue
        const source = (line * width + x - padding[1] + left) * channels
        copy(row + (ky * wide + left) * channels, source, (right - left) * channels)
      }
    }
  }
}

/** Writes the patch of each pixel as a row. What lies outside the picture stays zero. */
function gather(layer: Layer, from: Float32Array): void {
  const to = layer.patches
  eachRun(layer, (inPatch, inPicture, count) => {
    for (let at = 0; at < count; at++) to[inPatch + at] = from[inPicture + at] as number
  })
}

function backward(memory: Memory, layer: Layer, to: Float32Array | null): void {
  const { filters, patch, pixels, valueGradients, result, resultGradients, chosen, linear } = layer
  valueGradients.fill(0)
  for (let at = 0; at < chosen.length; at++) {
    const gradient = resultGradients[at] as number
    const slope = (result[at] as number) < 0 && !linear ? LEAK * gradient : gradient
    valueGradients[chosen[at] as number] = slope
  }
  for (let at = 0; at < valueGradients.length; ) {
    for (let filter = 0; filter < filters; filter++, at++)
      layer.biasGradients[filter] = (layer.biasGradients[filter] as number) + (valueGradients[at] as number)
  }
  memory.multiply(layer.patches, valueGradients, layer.gradients, {
    ...{ m: patch, n: filters, k: pixels, row: 1, column: patch },
  })
  if (!to) return
  layer.patchGradients.fill(0)
  memory.multiply(valueGradients, layer.turned, layer.patchGradients, {
    ...{ m: pixels, n: patch, k: filters, row: filters, column: 1 },
  })
  scatter(layer, to)
}

/** Adds the gradients of patches to those of their pixels. */
function scatter(layer: Layer, to: Float32Array): void {
  const from = layer.patchGradients
  to.fill(0)
  eachRun(layer, (inPatch, inPicture, count) => {
    for (let at = 0; at < count; at++)
      to[inPicture + at] = (to[inPicture + at] as number) + (from[inPatch + at] as number)
  })
}

function adam(
  weights: Float32Array,
  gradients: Float32Array,
  m: Float32Array,
  v: Float32Array,
  rate: number,
  count: number,
  steps: number,
): void {
  const scale = (rate * Math.sqrt(1 - BETA2 ** steps)) / (1 - BETA1 ** steps)
  for (let at = 0; at < weights.length; at++) {
    const gradient = (gradients[at] as number) / count
    const mean = BETA1 * (m[at] as number) + (1 - BETA1) * gradient
    const square = BETA2 * (v[at] as number) + (1 - BETA2) * gradient * gradient
    m[at] = mean
    v[at] = square
    weights[at] = (weights[at] as number) - (scale * mean) / (Math.sqrt(square) + EPSILON)
    gradients[at] = 0
  }
}
