/** The bytes of one kernel of `assembly/`, as base64. */
export function compileKernel(name: string): Promise<string>;
export const kernels: readonly string[];
