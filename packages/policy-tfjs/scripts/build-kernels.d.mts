/** The bytes of the kernels, as base64. */
export function compileKernels(): Promise<string>;
