// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool notice: lists, shows, writes and removes notices, one language at a time.

import type { Command } from 'commander'
import type { NoticeInfo } from '../operator/notices.js'
import { type CommonOptions, visit, withDataAndJson, withExamples } from './options.js'
import { print, printJson, printTable, timeCell } from './output.js'
import { readInput } from './read-input.js'

interface NoticeOptions extends CommonOptions {
  language?: string
}

interface SetOptions extends NoticeOptions {
  file: string
  first?: boolean
}

const ADVICE = { not_found: 'list the notices with: tidepool notice list' }
const LANGUAGE = '--language <tag>'

/** Adds subcommands, help and action to the empty command `notice`. */
export function define(command: Command): void {
  withExamples(command, [
    ["tidepool notice set rules 'House rules' --file rules.md", 'write a notice'],
    ["tidepool notice set rules 'Hausregeln' --file regeln.md --language de", 'the same in German'],
    ['tidepool notice list', 'list all notices with their languages'],
  ])
  const list = withDataAndJson(command.command('list').description('list the notices and their languages'))
  withExamples(list, [['tidepool notice list', 'list the notices']])
  list.action((options: CommonOptions) =>
    visit(options, async (operator) => show(await operator.noticeList(), options)),
  )
  defineShow(command.command('show').description('print the text of a notice'))
  defineSet(command.command('set').description('write a notice, or its text in one language'))
  defineRemove(command.command('remove').description('remove a notice, or its text in one language'))
}

function defineShow(command: Command): void {
  withDataAndJson(command)
    .argument('<name>', 'name, as in its address')
    .option(LANGUAGE, 'language of the text (default: the first text)')
  withExamples(command, [['tidepool notice show rules --language de > regeln.md', 'print the German text']])
  command.action((name: string, { language, ...options }: NoticeOptions) =>
    visit(
      options,
      async (operator) => {
        const notice = await operator.noticeGet(name, language)
        if (options.json) printJson(notice)
        else print(notice.text)
      },
      ADVICE,
    ),
  )
}

function defineSet(command: Command): void {
  withDataAndJson(command)
    .argument('<name>', 'name, as in its address: small letters, digits and hyphens')
    .argument('<title>', 'title of the text')
    .requiredOption('--file <file>', 'the text, in Markdown; - for stdin')
    .option(LANGUAGE, 'language of the text, such as de or pt-BR (default: that of the first text)')
    .option('--first', 'replace the first text, in whatever language it was')
  withExamples(command, [
    ["tidepool notice set rules 'House rules' --file rules.md --language en", 'the first text of a notice'],
    ["tidepool notice set rules 'Hausregeln' --file - --language de < regeln.md", 'a further language'],
  ])
  command.action((name: string, title: string, { file, language, first, ...options }: SetOptions) =>
    visit(options, async (operator) => {
      const text = readInput(file).toString().trimEnd()
      const more = { ...(language === undefined ? {} : { language }), ...(first ? { first } : {}) }
      show(await operator.noticeSet({ name, title, text, ...more }), options)
    }),
  )
}

function defineRemove(command: Command): void {
  withDataAndJson(command)
    .argument('<name>', 'name, as in its address')
    .option(LANGUAGE, 'remove the text in this language only')
  withExamples(command, [
    ['tidepool notice remove rules', 'remove it in all languages'],
    ['tidepool notice remove rules --language de', 'remove the German text'],
  ])
  command.action((name: string, { language, ...options }: NoticeOptions) =>
    visit(options, async (operator) => show(await operator.noticeRemove(name, language), options), ADVICE),
  )
}

function show(notices: NoticeInfo[], { json }: CommonOptions): void {
  if (json) return printJson(notices)
  if (notices.length === 0) return print('No notices.')
  const rows = notices.map(({ name, language, title, changed }) => [
    ...[name, language || '-', timeCell(changed), title],
  ])
  printTable(['NAME', 'LANGUAGE', 'CHANGED', 'TITLE'], rows)
}
