/**
 * A run waits for others nearly all of its time: what V8 spends on making code fast is spent for nothing, and is a tenth of
 * the memory. Set when the program is about to be loaded: given to the whole process, they would have Node refuse the code
 * cache of its own modules, which an answer that needs no program would pay for too.
 */
export const PROGRAM_V8_FLAGS: ReadonlyArray<string> = ["--no-opt", "--no-maglev"];
