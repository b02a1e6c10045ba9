// SPDX-License-Identifier: AGPL-3.0-or-later
// Portuguese: the page of an invite link, and its results.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const join: Words['join'] = {
  title: (room) => `Participe de ${room}`,
  lead: (room) =>
    html`Você recebeu um convite: <bdi>${room}</bdi> vai seguir você, guardar seu feed e passá-lo a seus amigos enquanto você estiver offline.`,
  openApp: 'Abrir no meu app',
  openAppHint:
    'Não aconteceu nada? Então nenhum app deste dispositivo abre links assim: use outra opção abaixo.',
  good: (uses, days, until) =>
    html`O convite vale para ${count(uses, 'pessoa', 'pessoas')} e por ${count(days, 'dia', 'dias')}, até <time datetime="${until}">${until}</time>.`,
  directed: 'Ele serve só para um ID de feed.',
  withoutApp: 'Participar com seu ID de feed',
  withoutAppHow:
    'Se seu app não aceita nem links nem códigos, informe aqui seu ID de feed e depois conecte-se ao relay pelo endereço dele.',
  id: 'Seu ID de feed',
  idHint: '@….ed25519: está no seu perfil, no seu app de Scuttlebutt.',
  wrongId: {
    malformed: 'Um ID de feed é formado por @, 44 caracteres e .ed25519: copie o seu, direto do app.',
    refused: 'Este convite é para outro ID de feed. Confira se você informou o seu, completo.',
  },
  letMeIn: 'Participar',
  keep: 'Não compartilhe o convite: quem o usar primeiro entra no seu lugar.',
  noApp: (url) =>
    html`Ainda não tem um app? Encontre um em <a href="${url}" rel="noreferrer">scuttlebutt.nz</a> e depois volte a esta página.`,
  claimed: 'Este convite acaba de ser usado',
  claimedHow: (room) => html`Se foi você, <bdi>${room}</bdi> já segue você: volte ao seu app.`,
  joined: 'Agora você é membro',
  joinedHow: (room) =>
    html`<bdi>${room}</bdi> agora segue você. No seu app, conecte-se a este endereço; alguns apps fazem isso sozinhos.`,
  ended: {
    'used up': {
      title: 'Este convite está esgotado',
      hint: 'Este convite já foi usado todas as vezes permitidas. Se você o usou, já é membro: volte ao seu app.',
    },
    expired: { title: 'Este convite expirou', hint: 'Ele não foi usado a tempo.' },
    revoked: {
      title: 'Este convite foi revogado',
      hint: 'O membro que o criou, ou a moderação, revogou o convite.',
    },
  },
  another: 'Peça um novo à pessoa que o enviou.',
  getAnother: 'Ver outras formas de participar',
}
