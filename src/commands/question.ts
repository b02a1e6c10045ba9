// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool question: lists, sets and removes the questions that newcomers answer on the web.

import type { Command } from 'commander'
import type { QuestionInfo } from '../operator/protocol.js'
import { type CommonOptions, visit, withDataAndJson, withExamples } from './options.js'
import { print, printJson, printTable } from './output.js'

const EXAMPLE = "tidepool question set 'What do we call the boat at our pier?' --answer Limpet"

interface SetOptions extends CommonOptions {
  answer: string[]
  language: string
  picture?: boolean
}

/** Adds subcommands, help and actions to the empty command `question`. */
export function define(command: Command): void {
  withExamples(command, [
    [EXAMPLE, 'ask this instead of the picture'],
    ['tidepool question list', 'list the questions with their answers'],
    ['tidepool question remove en', 'ask it no more'],
  ])
  const list = withDataAndJson(command.command('list').description('list the questions and their answers'))
  withExamples(list, [['tidepool question list', 'list the questions']])
  list.action((options: CommonOptions) =>
    visit(options, async (operator) => show(await operator.questionList(), options)),
  )
  defineSet(command.command('set').description('add a question, or change the one in its language'))
  const remove = withDataAndJson(command.command('remove').description('remove the question in a language'))
  withExamples(remove, [['tidepool question remove de', 'remove the question in German']])
  remove.argument('<language>', 'language, as listed').action((language: string, options: CommonOptions) =>
    visit(options, async (operator) => show(await operator.questionRemove(language), options), {
      not_found: 'list the questions with: tidepool question list',
    }),
  )
}

function defineSet(command: Command): void {
  withDataAndJson(command)
    .argument('<text>', 'the question')
    .requiredOption(
      '--answer <text>',
      'an accepted answer; may be repeated',
      (answer: string, all: string[] = []) => [...all, answer],
    )
    .option('--language <tag>', 'language of the question; the first is for all others', 'en')
    .option('--picture', 'let newcomers solve the picture instead, whatever their language')
    .option('--no-picture', 'show no picture beside the questions')
  withExamples(command, [
    [EXAMPLE, 'case, spaces, accents and punctuation do not matter'],
    ["tidepool question set 'Wie heißt unser Boot?' --answer Napf --language de", 'the same in German'],
  ])
  command.action((text: string, { answer, language, picture, ...options }: SetOptions) =>
    visit(options, async (operator) => {
      const question = { language, text, answers: answer, ...(picture === undefined ? {} : { picture }) }
      show(await operator.questionSet(question), options)
    }),
  )
}

function show(questions: QuestionInfo[], { json }: CommonOptions): void {
  if (json) return printJson(questions)
  if (questions.length === 0)
    return print('No questions. Newcomers solve the picture, unless the configuration says otherwise.')
  const rows = questions.map(({ language, text, answers }) => [language, text, answers.join(', ')])
  printTable(['LANGUAGE', 'QUESTION', 'ANSWERS'], rows)
  print(questions[0]?.picture ? 'Newcomers can solve the picture instead.' : 'The picture is not shown.')
}
