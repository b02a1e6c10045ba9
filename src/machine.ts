// The machine we run on: how wide its words are.

/** Processors of 32 bits, as Node names them. */
const NARROW = ['arm', 'ia32', 'mips', 'mipsel', 'ppc', 's390']

/** Bytes of a word: 4 where a process has 4 GiB of addresses, 8 where there is no end to them. */
export const WORD_BYTES: 4 | 8 = NARROW.includes(process.arch) ? 4 : 8
