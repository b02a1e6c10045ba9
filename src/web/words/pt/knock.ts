// SPDX-License-Identifier: AGPL-3.0-or-later
// Portuguese: knocking, and its results.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const knock: Words['knock'] = {
  who: 'Quem é?',
  seeBelow: 'Corrija os campos marcados.',
  tooMany: (minutes) =>
    `Muita gente já bateu à porta. Aperte o botão de novo daqui a cerca de ${count(minutes, 'minuto', 'minutos')}.`,
  feed: 'Seu ID de feed',
  feedHint: '@….ed25519: está no seu perfil, no seu app de Scuttlebutt.',
  feedMalformed: 'Um ID de feed é formado por @, 44 caracteres e .ed25519: copie o ID do seu app.',
  feedIsRelay: 'Este é o ID do relay. O seu está no seu app.',
  note: 'Apresente-se',
  noteHint: (most) =>
    `Quem conhece você aqui? No máximo ${most} caracteres; se deixarem você entrar, todos poderão ler.`,
  noteTooLong: (most, now) => `No máximo ${most} caracteres; você escreveu ${now}.`,
  knock: 'Bater à porta',
  willRead: (room, days) =>
    html`Alguém de <strong><bdi>${room}</bdi></strong> vai ler em até ${count(days, 'dia', 'dias')}.`,
  waiting: 'Você está na lista de espera',
  joined: 'Agora você é membro',
  member: 'Você já é membro',
  waitingLead: (room, days) =>
    html`Alguém de <bdi>${room}</bdi> vai ler seu pedido. Se ninguém responder em ${count(days, 'dia', 'dias')}, você pode bater à porta de novo.`,
  joinedLead: (room) => html`Havia um convite à sua espera: <bdi>${room}</bdi> agora segue você.`,
  memberLead: (room) => html`<bdi>${room}</bdi> já segue este feed: você não precisa bater à porta.`,
  yourFeed: 'Seu ID de feed:',
  thenConnect: 'Quando deixarem você entrar',
  nowConnect: 'Conecte-se agora',
  connect: 'No seu app, conecte-se a este endereço.',
  connectThen:
    'No seu app, conecte-se a este endereço. Ele só funciona quando deixarem você entrar; esta página não avisa quando.',
}
