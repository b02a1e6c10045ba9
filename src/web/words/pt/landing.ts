// SPDX-License-Identifier: AGPL-3.0-or-later
// Portuguese: the front page.

import type { Words } from '../en.js'
import { html } from '../text.js'

export const landing: Words['landing'] = {
  members: (n) => (n === 1 ? 'membro' : 'membros'),
  online: 'online agora',
  open: 'aberta a quem quiser entrar',
  community: 'uma comunidade: quem chega bate à porta',
  comeIn: 'Pode entrar',
  first: {
    picture: 'Resolva um pequeno desafio e receba um código de convite.',
    question: 'Responda a uma pergunta e receba um código de convite.',
    none: 'Receba um código de convite.',
  },
  steps: [
    'Cole o código no seu app de Scuttlebutt.',
    'O relay segue você, guarda seu feed e o passa a seus amigos enquanto você está offline.',
  ],
  getInvite: 'Receber convite',
  noApp: (url) =>
    html`Não conhece o Scuttlebutt? É uma rede social sem nenhuma empresa no meio: o que você escreve fica em um app no seu próprio dispositivo e viaja de amigo em amigo. Encontre um app em <a href="${url}" rel="noreferrer">scuttlebutt.nz</a>.`,
  visiting: 'Só de visita?',
  visitingHow:
    'Com o convite aberto, seu app encontra as pessoas que estão online. Nada do que é seu fica guardado aqui.',
  knock: 'Bata à porta',
  firstKnock: { picture: 'Resolva um pequeno desafio.', question: 'Responda a uma pergunta.' },
  knockSteps: ['Deixe seu ID de feed e apresente-se.', 'Um membro deixa você entrar.'],
  knockHere: 'Bater à porta',
  quicker: 'Se você conhece um membro, é mais rápido pedir um convite a essa pessoa.',
  identity: 'Identidade deste relay',
  identityHow: 'Os apps reconhecem o relay por esta chave, mesmo que o endereço dele mude.',
}
