// SPDX-License-Identifier: AGPL-3.0-or-later
// Portuguese: the page of an alias.

import type { Words } from '../en.js'
import { html } from '../text.js'

export const alias: Words['alias'] = {
  title: (name, room) => `${name} em ${room}`,
  lead: (name, room) =>
    html`Aqui seu app se conecta a <strong>${name}</strong>, membro de <bdi>${room}</bdi>.`,
  connect: 'Conectar comigo',
  connectHint:
    'Não aconteceu nada? Então nenhum app deste dispositivo abre links assim: use outra opção abaixo.',
  online: html`<strong>Online agora.</strong>`,
  offline: (name) =>
    html`<strong>Offline no momento.</strong> Seu app alcança ${name} quando vocês estão online ao mesmo tempo. Tente de novo mais tarde.`,
  friends: (name) =>
    `Alguns apps só aceitam quem eles seguem. Se não der certo, peça a ${name} que siga você.`,
  openRoom: 'Esta sala é aberta: seu app pode se conectar sem convite.',
  community:
    'Esta sala é de uma comunidade: você pode se conectar a este membro, mas não vê quem mais está online.',
  install: 'Do que você precisa',
  noApp: (url) =>
    html`Você precisa de um app compatível com aliases de salas, como o <a href="${url}" rel="noreferrer">Manyverse</a>. Instale o app, abra-o uma vez e volte a esta página.`,
  ways: 'Todas as formas de conectar',
  id: 'ID de feed deste alias',
  idHint: 'Com este ID, seu app confirma que fala com a pessoa certa.',
}
