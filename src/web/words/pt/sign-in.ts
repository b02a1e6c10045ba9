// SPDX-License-Identifier: AGPL-3.0-or-later
// Portuguese: signing in and out.

import type { Words } from '../en.js'

export const signIn: Words['signIn'] = {
  title: 'Entrar',
  lead: 'Você entra com seu app de Scuttlebutt: não há senha.',
  open: 'Entrar com o app deste dispositivo',
  scan: 'Ou leia este código com o telefone em que está seu app:',
  qr: 'O pedido de acesso em código QR',
  careful: 'No seu app, confirme um acesso só se foi você quem o pediu.',
  afterwards: 'Depois que você confirmar no app, esta página continua sozinha.',
  goOn: 'Já confirmei: continuar',
  uri: 'O pedido de acesso, para colar no app',
  noApp: 'Se seu app não tem esse recurso, peça um link de acesso a quem cuida deste relay.',
  done: 'Você entrou',
  doneAs: 'Este navegador entrou como:',
  toDashboard: 'Ir para o painel',
  notYou: 'Não é você?',
  out: 'Sair',
  outLead: 'Você sai só deste navegador. Nos outros, o acesso continua.',
  linkLead: 'Com este link você entra neste navegador, uma única vez.',
  signIn: 'Entrar neste navegador',
}
