// SPDX-License-Identifier: AGPL-3.0-or-later
// Settings that change while the relay runs: name, description, privacy mode, EBT, questions, and whether set-up is complete.

import { RelayError } from '../lib/errors.js'
import { QUESTION_LANGUAGES } from '../lib/limits.js'
import { answersProblem, type Question, questionProblem } from '../lib/question.js'
import type { Tables } from './layout.js'
import type { Precondition, Writer } from './writer.js'

export type PrivacyMode = 'open' | 'community' | 'restricted'

export const PRIVACY_MODES: readonly PrivacyMode[] = ['open', 'community', 'restricted']

export interface SettingsRecord {
  /** shown on pages; empty until set-up */
  name: string
  description: string
  mode: PrivacyMode
  /** whether set-up is complete */
  setUp: boolean
  /** whether members may replicate by EBT; overrides the configuration */
  ebt: boolean
  /** what newcomers are asked on the web, by language tag; the first is for all other languages */
  questions: Readonly<Record<string, Question>>
  /** whether they can solve the picture instead of answering the question */
  picture: boolean
}

/** New values, or a function of the current ones, called inside the write. */
type Patch = Partial<SettingsRecord> | ((current: SettingsRecord) => Partial<SettingsRecord>)

export interface Settings {
  /** The current settings. Cached, as each admission and call reads them. */
  get(): Readonly<SettingsRecord>
  /** The mode inside a write, including changes earlier in the same batch. */
  modeNow(): PrivacyMode
  /** Changes some settings; listeners are called once the change is on disk. */
  change(patch: Patch, before?: Precondition): Promise<void>
  onChange(listener: (now: Readonly<SettingsRecord>, before: Readonly<SettingsRecord>) => void): () => void
}

const KEY = Buffer.from('settings')
const FIRST: SettingsRecord = {
  ...{ name: '', description: '', mode: 'open', setUp: false, ebt: false },
  ...{ questions: {}, picture: false },
}

export function createSettings({ meta }: Tables, writer: Writer): Settings {
  const stored = (): SettingsRecord => ({
    ...FIRST,
    ...(meta.get(KEY) as Partial<SettingsRecord> | undefined),
  })
  let current = stored()
  const listeners = new Set<Parameters<Settings['onChange']>[0]>()
  return {
    get: () => current,
    modeNow: () => stored().mode,
    change: (patch, before) =>
      writer.submit((afterFlush) => {
        // read inside the write, so that two changes in one batch keep each other's fields
        const previous = stored()
        const next = { ...previous, ...(typeof patch === 'function' ? patch(previous) : patch) }
        meta.putSync(KEY, next)
        afterFlush(() => {
          current = next
          for (const listener of listeners) listener(next, previous)
        })
      }, before),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** A tag such as `de`: letters alone, so that it is safe as a key. */
const LANGUAGE = /^[a-z]{2,3}$/

/**
 * Adds a question, or replaces the one in its language.
 * @throws RelayError `bad_argument`, `quota_reached`
 */
export function withQuestion(
  { questions }: Pick<SettingsRecord, 'questions'>,
  language: string,
  { text, answers }: Question,
): Pick<SettingsRecord, 'questions'> {
  if (!LANGUAGE.test(language))
    throw new RelayError('bad_argument', 'a language is two or three small letters, such as de')
  const problem = questionProblem(text) ?? answersProblem(answers)
  if (problem) throw new RelayError('bad_argument', problem)
  const next = { ...questions, [language]: { text: text.trim(), answers: [...answers] } }
  if (Object.keys(next).length > QUESTION_LANGUAGES)
    throw new RelayError('quota_reached', `a room has at most ${QUESTION_LANGUAGES} questions`, {
      limit: 'questions',
    })
  return { questions: next }
}

/** Removes the question in a language. @throws RelayError `not_found` */
export function withoutQuestion(
  { questions }: Pick<SettingsRecord, 'questions'>,
  language: string,
): Pick<SettingsRecord, 'questions'> {
  if (!Object.hasOwn(questions, language)) throw new RelayError('not_found')
  return { questions: Object.fromEntries(Object.entries(questions).filter(([tag]) => tag !== language)) }
}
