// SPDX-License-Identifier: AGPL-3.0-or-later
// Spanish: signing in and out.

import type { Words } from '../en.js'

export const signIn: Words['signIn'] = {
  title: 'Iniciar sesión',
  lead: 'Inicia sesión con tu app de Scuttlebutt: no necesitas contraseña.',
  open: 'Usar la app de este dispositivo',
  scan: 'O escanea este código con el teléfono donde tienes la app:',
  qr: 'Código QR para iniciar sesión',
  careful: 'En tu app, confirma solo un inicio de sesión que hayas empezado tú.',
  afterwards: 'Cuando lo confirmes en tu app, esta página continuará sola.',
  goOn: 'Ya lo confirmé: continuar',
  uri: 'Texto para iniciar sesión: pégalo en la app',
  noApp: 'Si tu app no puede iniciar sesión, pide un enlace de acceso a quienes gestionan este servidor.',
  done: 'Sesión iniciada',
  doneAs: 'En este navegador has iniciado sesión como:',
  toDashboard: 'Ir al panel',
  notYou: '¿No eres tú?',
  out: 'Cerrar sesión',
  outLead: 'Solo se cerrará la sesión en este navegador. En los demás seguirá abierta.',
  linkLead: 'Este enlace inicia sesión en este navegador, una sola vez.',
  signIn: 'Iniciar sesión aquí',
}
