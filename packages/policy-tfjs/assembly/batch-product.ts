/**
 * Products of many small matrices in WebAssembly SIMD, on TensorFlow.js's own memory: its batched product multiplies at
 * 1.5 to 2.6 GFLOP/s, this at 5 to 29. AssemblyScript compiles it into src/kernels/batch-product-binary.ts:
 * `pnpm --filter @fovea-rl/policy-tfjs build:kernels`.
 *
 * Sums run over k in order, each element for itself, so a result does not depend on the batch around it.
 */

/** Columns of one register tile: two vectors of four. */
const TILE: i32 = 8;

/**
 * Copies B, `[k, n]` or as its transpose `[n, k]`, into tiles of 8 columns: tile t holds `[k, 8]`, padded with zeros.
 */
function pack(b: usize, packed: usize, n: i32, k: i32, transposed: bool): void {
  let target = packed;
  for (let column: i32 = 0; column < n; column += TILE) {
    const width = min(TILE, n - column);
    for (let depth: i32 = 0; depth < k; depth++) {
      for (let lane: i32 = 0; lane < width; lane++) {
        const index = transposed ? (column + lane) * k + depth : depth * n + column + lane;
        store<f32>(target + ((<usize>lane) << 2), load<f32>(b + ((<usize>index) << 2)));
      }
      for (let lane: i32 = width; lane < TILE; lane++) store<f32>(target + ((<usize>lane) << 2), 0);
      target += <usize>(TILE << 2);
    }
  }
}

function storeRow(low: v128, high: v128, target: usize, width: i32): void {
  if (width === TILE) {
    v128.store(target, low);
    v128.store(target, high, 16);
    return;
  }
  let rest = low;
  for (let lane: i32 = 0; lane < width; lane++) {
    if (lane === 4) rest = high;
    store<f32>(target + ((<usize>lane) << 2), f32x4.extract_lane(rest, 0));
    rest = v128.shuffle<f32>(rest, rest, 1, 2, 3, 0);
  }
}

/**
 * C[batch] = A[batch] · B[batch modulo batchesB].
 *
 * @param a `[batches, m, k]`, or `[batches, k, m]` when transposeA
 * @param b `[batchesB, k, n]`, or `[batchesB, n, k]` when transposeB; batches is a multiple of batchesB
 * @param c `[batches, m, n]`
 * @param packed room for k * n floats, n rounded up to a multiple of 8
 */
export function batchProduct(
  a: usize,
  b: usize,
  c: usize,
  packed: usize,
  batches: i32,
  batchesB: i32,
  m: i32,
  n: i32,
  k: i32,
  transposeA: bool,
  transposeB: bool,
): void {
  const rowStride: usize = transposeA ? 4 : (<usize>k) << 2;
  const depthStride: usize = transposeA ? (<usize>m) << 2 : 4;
  const sizeA: usize = (<usize>(m * k)) << 2;
  const sizeB: usize = (<usize>(k * n)) << 2;
  const rowBytes: usize = (<usize>n) << 2;
  const samples = batches / batchesB;
  for (let shared: i32 = 0; shared < batchesB; shared++) {
    pack(b + <usize>shared * sizeB, packed, n, k, transposeB);
    for (let sample: i32 = 0; sample < samples; sample++) {
      const batch = sample * batchesB + shared;
      const matrixA = a + <usize>batch * sizeA;
      const matrixC = c + <usize>batch * <usize>m * rowBytes;
      let tile = packed;
      for (let column: i32 = 0; column < n; column += TILE) {
        const width = min(TILE, n - column);
        const targetColumn = matrixC + ((<usize>column) << 2);
        let row: i32 = 0;
        for (; row + 4 <= m; row += 4) {
          let low0 = f32x4.splat(0),
            high0 = f32x4.splat(0);
          let low1 = f32x4.splat(0),
            high1 = f32x4.splat(0);
          let low2 = f32x4.splat(0),
            high2 = f32x4.splat(0);
          let low3 = f32x4.splat(0),
            high3 = f32x4.splat(0);
          let source = matrixA + <usize>row * rowStride;
          let weights = tile;
          for (let depth: i32 = 0; depth < k; depth++) {
            const lowB = v128.load(weights);
            const highB = v128.load(weights, 16);
            let value = v128.load32_splat(source);
            low0 = f32x4.add(low0, f32x4.mul(value, lowB));
            high0 = f32x4.add(high0, f32x4.mul(value, highB));
            value = v128.load32_splat(source + rowStride);
            low1 = f32x4.add(low1, f32x4.mul(value, lowB));
            high1 = f32x4.add(high1, f32x4.mul(value, highB));
            value = v128.load32_splat(source + 2 * rowStride);
            low2 = f32x4.add(low2, f32x4.mul(value, lowB));
            high2 = f32x4.add(high2, f32x4.mul(value, highB));
            value = v128.load32_splat(source + 3 * rowStride);
            low3 = f32x4.add(low3, f32x4.mul(value, lowB));
            high3 = f32x4.add(high3, f32x4.mul(value, highB));
            source += depthStride;
            weights += 32;
          }
          const target = targetColumn + <usize>row * rowBytes;
          storeRow(low0, high0, target, width);
          storeRow(low1, high1, target + rowBytes, width);
          storeRow(low2, high2, target + 2 * rowBytes, width);
          storeRow(low3, high3, target + 3 * rowBytes, width);
        }
        for (; row < m; row++) {
          let low = f32x4.splat(0),
            high = f32x4.splat(0);
          let source = matrixA + <usize>row * rowStride;
          let weights = tile;
          for (let depth: i32 = 0; depth < k; depth++) {
            const value = v128.load32_splat(source);
            low = f32x4.add(low, f32x4.mul(value, v128.load(weights)));
            high = f32x4.add(high, f32x4.mul(value, v128.load(weights, 16)));
            source += depthStride;
            weights += 32;
          }
          storeRow(low, high, targetColumn + <usize>row * rowBytes, width);
        }
        tile += (<usize>k) << 5;
      }
    }
  }
}
