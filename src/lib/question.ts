// SPDX-License-Identifier: AGPL-3.0-or-later
// A question that newcomers answer, and how answers are compared.

import { ANSWER_CHARS, QUESTION_ANSWERS, QUESTION_CHARS } from './limits.js'
import { isSameText } from './same-text.js'

export interface Question {
  text: string
  /** as people write them; one is enough */
  answers: readonly string[]
}

/** An answer as it is compared: without case, spaces, punctuation and accents. Empty if nothing is left. */
function plain(answer: string): string {
  return answer
    .slice(0, ANSWER_CHARS)
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '')
}

/** Compares in constant time, once for each accepted answer. */
export function isAnswer({ answers }: Question, given: string): boolean {
  const it = plain(given)
  return it !== '' && answers.map((answer) => isSameText(plain(answer), it)).includes(true)
}

/** What is wrong with the text of a question, or null. */
export function questionProblem(text: string): string | null {
  const length = [...text.trim()].length
  return length < 1 || length > QUESTION_CHARS ? `a question has 1 to ${QUESTION_CHARS} characters` : null
}

/** What is wrong with the answers of a question, or null. */
export function answersProblem(answers: readonly string[]): string | null {
  if (answers.length < 1 || answers.length > QUESTION_ANSWERS)
    return `a question has 1 to ${QUESTION_ANSWERS} answers`
  if (answers.some((answer) => answer.length > ANSWER_CHARS || plain(answer) === ''))
    return `an answer has a letter or a digit, and at most ${ANSWER_CHARS} characters`
  return null
}
