// SPDX-License-Identifier: AGPL-3.0-or-later
// The snippets of docs/run-it.md in real proxies: a captcha and an invite through nginx, Caddy and Apache.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseInviteCode } from '../../src/ssb/invite-code.js'
import { createAuthority, writePair } from '../helpers/certificates.js'
import { titleOf, Visitor } from '../helpers/http.js'
import { freePort } from '../helpers/ports.js'
import { lacks, programPath } from '../helpers/programs.js'
import { bootRelay, knownCaptchas, shortDir, until } from '../helpers/relay.js'
import { text } from '../house/files.js'

const NAME = 'relay.example.org'
const ANSWER = '/invite/invite-captcha-reponse'

const authority = await createAuthority()

/** The code block of a language under the heading about the domain. */
function snippet(language: string): string {
  const [, section = ''] = text('docs/run-it.md').split(/^## A public domain$/m)
  const [, block] = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(section) ?? []
  if (!block) throw new Error(`no ${language} in docs/run-it.md`)
  return block
}

/** Replaces a value of the documentation, which must be there, by one of the test. */
function put(config: string, there: string | RegExp, here: string): string {
  const done = config.replace(there, here)
  if (done === config) throw new Error(`the snippet has no ${there}`)
  return done
}

/** Runs a proxy until the end of the test. */
function runProxy(t: Test, program: string, args: string[], dir: string): () => string {
  let said = ''
  const child = spawn(programPath(program) ?? program, args, {
    env: { PATH: process.env.PATH, HOME: dir },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk
    })
  const gone = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGTERM')
    await gone
  })
  return () => {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${said}`)
    return said
  }
}

type Configure = (at: { port: number; upstream: string; key: string; cert: string; dir: string }) => {
  program: string
  args: string[]
}

async function passes(t: Test, configure: Configure): Promise<void> {
  const dir = await shortDir(t)
  const captchas = knownCaptchas()
  const sets = [`domain.name=${NAME}`, 'domain.proxy=127.0.0.1']
  const relay = await bootRelay(t, { drawCaptcha: captchas.draw, sets })
  const port = await freePort()
  const pair = writePair(join(dir, 'pair'), await authority.issue(NAME))
  const { program, args } = configure({ port, upstream: new URL(relay.webUrl).host, dir, ...pair })
  const alive = runProxy(t, program, args, dir)
  // the Host that a browser sends to a proxy on 443
  const base = `https://${NAME}`
  const person = new Visitor(base, { port, ca: authority.root })
  const page = await until(`${program} to answer`, () => {
    alive()
    return person.get('/invite/').catch(() => null)
  })
  t.match(page, { status: 200, headers: { 'strict-transport-security': /max-age/ } })
  t.match(page.headers['set-cookie'], [/^__Host-tidepool=.*; Secure$/])
  const captcha = captchas.answerTo((await person.get('/invite/captcha.png')).body) ?? 'unknown'
  const given = await person.post(ANSWER, { captcha }, { Origin: base, 'Sec-Fetch-Site': 'same-origin' })
  t.equal(given.status, 200, given.text)
  t.match(parseInviteCode(titleOf(given.text) ?? ''), { host: NAME, port: relay.ssbPort, relay: relay.id })
  // forwarding headers of a visitor pass the proxy and have no effect
  const lies = { 'X-Forwarded-Proto': 'http', 'X-Forwarded-Host': 'evil.example' }
  const honest = await new Visitor(base, { port, ca: authority.root }).get('/invite/', lies)
  t.match(honest, { status: 200, headers: { 'strict-transport-security': /max-age/ } })
}

t.test('nginx', { skip: lacks('nginx', 'nginx-light') }, (t) =>
  passes(t, ({ port, upstream, key, cert, dir }) => {
    let server = put(snippet('nginx'), '443 ssl', `127.0.0.1:${port} ssl`)
    server = put(server, /(?<=ssl_certificate )\S+(?=;)/, cert)
    server = put(server, /(?<=ssl_certificate_key )\S+(?=;)/, key)
    server = put(server, '127.0.0.1:8080', upstream)
    mkdirSync(join(dir, 'logs'))
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (each) => `${each}_temp_path ${dir}/${each};`,
    )
    const around = `daemon off; pid ${dir}/nginx.pid; error_log stderr; events {}\n`
    const file = join(dir, 'nginx.conf')
    writeFileSync(file, `${around}http { access_log off; ${paths.join(' ')}\n${server}}\n`)
    return { program: 'nginx', args: ['-p', dir, '-e', 'stderr', '-c', file] }
  }),
)

const apache: (without?: RegExp) => Configure =
  (without) =>
  ({ port, upstream, key, cert, dir }) => {
    let host = put(snippet('apache'), '*:443', `127.0.0.1:${port}`)
    host = put(host, /(?<=SSLCertificateFile )\S+/, cert)
    host = put(host, /(?<=SSLCertificateKeyFile )\S+/, key)
    host = put(host, '127.0.0.1:8080', upstream)
    if (without) host = put(host, without, '')
    const modules = ['mpm_event', 'authz_core', 'ssl', 'socache_shmcb', 'proxy', 'proxy_http', 'headers']
    const around = [
      ...modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
      ...[`Listen 127.0.0.1:${port}`, `PidFile ${dir}/pid`, `DefaultRuntimeDir ${dir}`, `ServerName ${NAME}`],
      ...[`ErrorLog ${dir}/error.log`, `Mutex file:${dir}`, 'User www-data', 'Group www-data'],
    ]
    const file = join(dir, 'apache.conf')
    writeFileSync(file, `${around.join('\n')}\n${host}`)
    return { program: 'apache2', args: ['-D', 'FOREGROUND', '-d', dir, '-f', file] }
  }

t.test('Apache', { skip: lacks('apache2', 'apache2-bin') }, (t) => passes(t, apache()))

t.test(
  'Apache without the header, as it is by default',
  { skip: lacks('apache2', 'apache2-bin') },
  async (t) => {
    const dir = await shortDir(t)
    const relay = await bootRelay(t, { sets: [`domain.name=${NAME}`, 'domain.proxy=127.0.0.1'] })
    const port = await freePort()
    const pair = writePair(join(dir, 'pair'), await authority.issue(NAME))
    const at = { port, upstream: new URL(relay.webUrl).host, dir, ...pair }
    const { program, args } = apache(/RequestHeader.*\n/)(at)
    const alive = runProxy(t, program, args, dir)
    const person = new Visitor(`https://${NAME}`, { port, ca: authority.root })
    const page = await until('Apache to answer', () => {
      alive()
      return person.get('/').catch(() => null)
    })
    t.match(page, { status: 421, text: /X-Forwarded-Proto: https/ })
    t.notMatch(page.text, '127.0.0.1')
    t.match((await relay.status()).https, { state: 'proxied', reason: /must send X-Forwarded-Proto/ })
  },
)

t.test('Caddy', { skip: lacks('caddy', 'caddy') }, (t) =>
  passes(t, ({ port, upstream, key, cert, dir }) => {
    let site = put(
      snippet('caddy'),
      `${NAME} {`,
      `https://${NAME}:${port} {\n    bind 127.0.0.1\n    tls ${cert} ${key}`,
    )
    site = put(site, '127.0.0.1:8080', upstream)
    const file = join(dir, 'Caddyfile')
    writeFileSync(file, `{\n    admin off\n    auto_https off\n}\n${site}`)
    return { program: 'caddy', args: ['run', '--config', file, '--adapter', 'caddyfile'] }
  }),
)
