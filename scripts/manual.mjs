// SPDX-License-Identifier: AGPL-3.0-or-later
// Writes what the Debian package says about the program, from the program's own tables: man pages, shell completion, and
// the example of the configuration.
// Usage: manual.mjs BUILD OUT DATE   a build with the modules commands/all and config/config; the pages' date, YYYY-MM-DD

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command } from 'commander'

/** Text for roff: backslashes, hyphens that are typed, and lines that would be requests. */
const roff = (text) =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1')

const bold = (text) => `\\fB${roff(text)}\\fR`
const verbatim = (text) => `.nf\n${roff(text)}\n.fi`

const visible = ({ hidden }) => !hidden

/** What a command's help adds below its options: details and examples. */
function addedHelp(command) {
  let shown = ''
  command.configureOutput({ writeOut: (text) => (shown += text) })
  command.outputHelp()
  return shown.slice(command.helpInformation().length).trim()
}

function usageOf(command, path) {
  const args = command.registeredArguments.map((one) => {
    const name = one.variadic ? `${one.name()}...` : one.name()
    return one.required ? `<${name}>` : `[${name}]`
  })
  const subcommand = command.commands.length > 0 ? ['<command>'] : []
  const options = command.options.some(visible) ? ['[options]'] : []
  return [path, ...subcommand, ...options, ...args].join(' ')
}

function optionsOf(command) {
  return command.options.filter(visible).flatMap(({ flags, description, defaultValue }) => {
    const set = defaultValue === undefined || defaultValue === false || Array.isArray(defaultValue)
    return ['.TP', bold(flags), roff(set ? description : `${description} (default: ${defaultValue})`)]
  })
}

function section(title, lines) {
  return lines.length > 0 ? [`.SH ${title}`, ...lines] : []
}

function commandPage(command, date, version) {
  const path = `tidepool ${command.name()}`
  const added = addedHelp(command)
  const lines = [
    `.TH TIDEPOOL\\-${command.name().toUpperCase()} 1 ${date} "Tidepool ${version}" "Tidepool Manual"`,
    ...section('NAME', [`tidepool\\-${command.name()} \\- ${roff(command.description())}`]),
    ...section('SYNOPSIS', [bold(usageOf(command, path))]),
    ...section('OPTIONS', optionsOf(command)),
  ]
  for (const sub of command.commands) {
    lines.push(
      `.SH ${roff(`${command.name()} ${sub.name()}`.toUpperCase())}`,
      roff(`${sub.description()}.`),
      '.PP',
    )
    lines.push(bold(usageOf(sub, `${path} ${sub.name()}`)), ...optionsOf(sub))
    const more = addedHelp(sub)
    if (more) lines.push('.PP', verbatim(more))
  }
  lines.push(...section('DETAILS', added ? [verbatim(added)] : []))
  lines.push(...section('SEE ALSO', ['.BR tidepool (1),', '.BR tidepool.toml (5)']))
  return `${lines.join('\n')}\n`
}

function mainPage(commands, date, version) {
  const lines = [
    `.TH TIDEPOOL 1 ${date} "Tidepool ${version}" "Tidepool Manual"`,
    ...section('NAME', ['tidepool \\- relay and room for Secure Scuttlebutt']),
    ...section('SYNOPSIS', [bold('tidepool <command> [options]')]),
    ...section('DESCRIPTION', [
      'Tidepool keeps the feeds of its members, serves them while their authors are offline, hands out invites, and is a room in which clients meet.',
      '.PP',
      'Here the relay is a service: see it with',
      `${bold('systemctl status tidepool')}.`,
    ]),
    ...section(
      'COMMANDS',
      commands.flatMap((command) => [
        '.TP',
        `\\fBtidepool\\-${command.name()}\\fR(1)`,
        roff(command.description()),
      ]),
    ),
    ...section('FILES', [
      ...['.TP', bold('/etc/tidepool/relay.toml'), 'Configuration, see', '.BR tidepool.toml (5).'],
      ...[
        '.TP',
        bold('/var/lib/tidepool'),
        'Data. The file secret is the identity of the relay: keep a copy.',
      ],
      ...[
        '.TP',
        bold('/var/backups/tidepool'),
        'The seven latest nightly backups, by tidepool\\-backup.timer.',
      ],
    ]),
    ...section('EXIT STATUS', ['0 success, 1 failure, 2 usage error.']),
  ]
  return `${lines.join('\n')}\n`
}

function configPage(keys, date, version) {
  const lines = [
    `.TH TIDEPOOL.TOML 5 ${date} "Tidepool ${version}" "Tidepool Manual"`,
    ...section('NAME', ['tidepool.toml \\- configuration of tidepool']),
    ...section('DESCRIPTION', [
      'A file in TOML, for the service /etc/tidepool/relay.toml. A key with a dot in its name is in a table:',
      `${bold('web.port')} is ${bold('port')} in ${bold('[web]')}.`,
      'Unknown keys are errors.',
    ]),
    ...section(
      'KEYS',
      Object.entries(keys).flatMap(([name, { about, unit, default: value, reloadable }]) => {
        const traits = [
          unit,
          value === null ? 'not set by default' : `default: ${JSON.stringify(value)}`,
          reloadable && 'applied by systemctl reload tidepool',
        ].filter(Boolean)
        return ['.TP', bold(name), roff(`${about} (${traits.join('; ')})`)]
      }),
    ),
    ...section('SEE ALSO', ['.BR tidepool (1)']),
  ]
  return `${lines.join('\n')}\n`
}

/** The words that may follow: subcommands, and options. */
function wordsOf(command) {
  const options = command.options.filter(visible).map(({ long, short }) => long ?? short)
  return [...command.commands.map((sub) => sub.name()), ...options, '--help']
}

function bashCompletion(commands) {
  const cases = commands.map((command) => {
    const subs = command.commands.map((sub) => `        ${sub.name()}) words='${wordsOf(sub).join(' ')}' ;;`)
    const own = `words='${wordsOf(command).join(' ')}'`
    if (subs.length === 0) return `    ${command.name()}) ${own} ;;`
    return [
      `    ${command.name()})`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of bash
      '      case "${COMP_WORDS[2]}" in',
      ...subs,
      `        *) ${own} ;;`,
      '      esac',
      '      ;;',
    ].join('\n')
  })
  const names = commands.map((command) => command.name()).join(' ')
  return `# bash completion for tidepool
_tidepool() {
  local words='' current="\${COMP_WORDS[COMP_CWORD]}"
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words='${names} help --help --version' ;;
  esac
  [ "$COMP_CWORD" -gt 1 ] || words='${names} help --help --version'
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _tidepool tidepool
`
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`

function zshCompletion(commands) {
  const cases = commands.map((command) => {
    const subs = command.commands.map(
      (sub) => `        ${sub.name()}) compadd -- ${wordsOf(sub).join(' ')} ;;`,
    )
    const own = `compadd -- ${wordsOf(command).join(' ')}`
    if (subs.length === 0) return `    ${command.name()}) ${own} ;;`
    return [
      `    ${command.name()})`,
      '      case "$words[3]" in',
      ...subs,
      `        *) ${own} ;;`,
      '      esac',
      '      ;;',
    ].join('\n')
  })
  const list = commands.map((command) => quoted(`${command.name()}:${command.description()}`)).join(' ')
  return `#compdef tidepool
_tidepool() {
  local -a commands
  commands=(${list})
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case "$words[2]" in
${cases.join('\n')}
  esac
}
_tidepool "$@"
`
}

function fishCompletion(commands) {
  const lines = ['# fish completion for tidepool', 'complete -c tidepool -f']
  for (const command of commands) {
    const seen = `__fish_seen_subcommand_from ${command.name()}`
    lines.push(
      `complete -c tidepool -n __fish_use_subcommand -a ${command.name()} -d ${quoted(command.description())}`,
    )
    for (const sub of command.commands)
      lines.push(`complete -c tidepool -n ${quoted(seen)} -a ${sub.name()} -d ${quoted(sub.description())}`)
    for (const { long, description } of command.options.filter(visible))
      if (long)
        lines.push(`complete -c tidepool -n ${quoted(seen)} -l ${long.slice(2)} -d ${quoted(description)}`)
  }
  return `${lines.join('\n')}\n`
}

/**
 * All files by their paths in the package, as text.
 * @param build directory of the build
 * @param date YYYY-MM-DD
 */
export async function manual(build, date, version) {
  const load = (name) => import(pathToFileURL(join(build, `${name}.js`)).href)
  const [{ COMMANDS }, { KEYS, describeConfig }] = [await load('commands/all'), await load('config/config')]
  const commands = await Promise.all(
    COMMANDS.map(async ([name, description, loadCommand]) => {
      const command = new Command(name).description(description)
      ;(await loadCommand()).define(command)
      return command
    }),
  )
  return {
    'usr/share/man/man1/tidepool.1': mainPage(commands, date, version),
    ...Object.fromEntries(
      commands.map((command) => [
        `usr/share/man/man1/tidepool-${command.name()}.1`,
        commandPage(command, date, version),
      ]),
    ),
    'usr/share/man/man5/tidepool.toml.5': configPage(KEYS, date, version),
    'usr/share/bash-completion/completions/tidepool': bashCompletion(commands),
    'usr/share/zsh/vendor-completions/_tidepool': zshCompletion(commands),
    'usr/share/fish/vendor_completions.d/tidepool.fish': fishCompletion(commands),
    'usr/share/doc/tidepool/relay.toml.example': describeConfig(),
  }
}

const [, script, build, out, date, version] = process.argv
if (script && pathToFileURL(script).href === import.meta.url)
  for (const [path, text] of Object.entries(await manual(build, date, version))) {
    mkdirSync(dirname(join(out, path)), { recursive: true })
    writeFileSync(join(out, path), text)
  }
