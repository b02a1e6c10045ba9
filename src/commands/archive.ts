// Backups as one file: packed and unpacked by the system's tar, which every Debian has.

import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { RelayError } from '../lib/errors.js'
import { BACKUP_DATABASE, BACKUP_NOTE } from '../store/backup.js'

/** The keys, which may be in a backup besides; anything else in an archive is left in it. */
export const KEY_FILES = ['secret', 'onion.key', 'matrix.key']

/**
 * Packs a directory's backup into a descriptor that is open for writing.
 * @throws RelayError `backup_unusable` with tar's own words
 */
export function pack(dir: string, fd: number): Promise<void> {
  return tar(['--create', '--gzip', '--file', '-', '--directory', dir, '.'], ['ignore', fd, 'pipe'])
}

/**
 * Unpacks a backup from a descriptor into a directory: only what belongs there, as files of our own.
 * @throws RelayError `backup_unusable`
 */
export function unpack(fd: number, dir: string): Promise<void> {
  const names = [BACKUP_NOTE, BACKUP_DATABASE, ...KEY_FILES].map((name) => `./${name}`)
  // A member that is absent is an error to tar and none here: what is there is read and checked afterwards.
  const how = ['--no-same-owner', '--no-same-permissions', '--no-overwrite-dir', '--ignore-failed-read']
  return tar(
    ['--extract', '--gzip', '--file', '-', '--directory', dir, ...how, ...names],
    [fd, 'ignore', 'pipe'],
    /Not found in archive/,
  )
}

async function tar(
  args: string[],
  stdio: Array<number | 'ignore' | 'pipe'>,
  tolerated?: RegExp,
): Promise<void> {
  const child = spawn('tar', args, { stdio, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } })
  const said = child.stderr ? text(child.stderr) : Promise.resolve('')
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause) => reject(new RelayError('backup_unusable', 'there is no tar', { cause })))
    child.once('close', resolve)
  })
  const lines = (await said).split('\n').filter((line) => line !== '')
  const bad = lines.filter((line) => !tolerated?.test(line) && !/Exiting with failure status/.test(line))
  if (code !== 0 && (bad.length > 0 || lines.length === 0))
    throw new RelayError('backup_unusable', bad[0] ?? `tar ended with ${code}`)
}
