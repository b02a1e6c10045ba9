// SPDX-License-Identifier: AGPL-3.0-or-later
// Prints the copyright file of the Debian package: the program's licence, and those of all packages inside, as their
// authors wrote them.
// Usage: copyright.mjs NODE_MODULES

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Packages in a node_modules directory and below, by path. */
function packagesIn(modules) {
  if (!existsSync(modules)) return []
  return readdirSync(modules, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .flatMap(({ name }) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((one) => join(name, one)) : [name],
    )
    .sort()
    .flatMap((name) => [join(modules, name), ...packagesIn(join(modules, name, 'node_modules'))])
}

/** Debian has the long licences in one place. */
function shortened(text) {
  if (/Apache License\s+Version 2\.0/.test(text))
    return 'The text is in /usr/share/common-licenses/Apache-2.0.'
  if (/GNU AFFERO GENERAL PUBLIC LICENSE/.test(text)) return 'The text is the one above.'
  if (/^\s*GNU GENERAL PUBLIC LICENSE\s+Version 3/.test(text))
    return 'The text is in /usr/share/common-licenses/GPL-3.'
  return text
}

function about(directory) {
  const file = join(directory, 'package.json')
  if (!existsSync(file)) return []
  const { name, version, license, licenses, author } = JSON.parse(readFileSync(file, 'utf8'))
  const words =
    typeof license === 'string' ? license : (license?.type ?? licenses?.map(({ type }) => type).join(' or '))
  const person = typeof author === 'object' ? author?.name : author
  const texts = readdirSync(directory)
    .filter((name) => /^licen[cs]e/i.test(name))
    .sort()
    .map((name) => `\n${shortened(readFileSync(join(directory, name), 'utf8').trim())}\n`)
  return [
    `${'-'.repeat(72)}\n${name} ${version}\nCopyright: ${person ?? `the authors of ${name}`}\nLicense: ${words ?? 'see below'}\n`,
    ...texts,
  ]
}

const [, , modules = 'node_modules'] = process.argv
process.stdout.write(`Tidepool is free software: you can redistribute it and/or modify it under the terms of the GNU Affero General Public
License, version 3 or (at your option) any later version.

Copyright: the Tidepool developers
License: AGPL-3.0-or-later

${readFileSync('LICENSE', 'utf8')}
${packagesIn(modules).flatMap(about).join('')}`)
