// SPDX-License-Identifier: AGPL-3.0-or-later
// Portuguese: the captcha page, and the invite it leads to.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const invite: Words['invite'] = {
  titleInvite: (room) => `Receba um convite para ${room}`,
  titleKnock: (room) => `Bata à porta de ${room}`,
  getInvite: 'Receber convite',
  knock: 'Bater à porta',
  getMine: 'Receber meu convite',
  goOn: 'Continuar',
  wrong: html`<strong>Resposta errada.</strong> Tente de novo.`,
  missing: html`<strong>Esta página expirou.</strong> Ela já foi respondida ou é antiga demais, ou seu navegador bloqueia cookies. Tente de novo.`,
  invitesGone: (minutes) =>
    `Não há mais convites por enquanto; o próximo sai daqui a cerca de ${count(minutes, 'minuto', 'minutos')}.`,
  knocksGone: (minutes) =>
    `Muita gente já bateu à porta; você poderá bater daqui a cerca de ${count(minutes, 'minuto', 'minutos')}.`,
  question: 'Quais letras nadam aqui?',
  picture: 'Desafio: cinco ou seis letras distorcidas',
  letters: 'As letras que você vê ou ouve',
  listen: 'Ouvir as letras',
  openSound: 'Abrir só o som',
  orPicture: 'Ou: quais letras nadam aqui?',
  answer: 'Sua resposta',
  another: 'Novo desafio',
  pressForCode: 'Aperte o botão para receber seu convite.',
  pressForKnock: 'Aperte o botão e depois se apresente.',
  worthKnock: (room) =>
    html`Depois você se apresenta, e alguém de <strong><bdi>${room}</bdi></strong> deixa você entrar.`,
  worthCode: (room, days) =>
    html`Com o código do convite, uma pessoa pode participar de <strong><bdi>${room}</bdi></strong>. Ele serve uma vez e vale por ${count(days, 'dia', 'dias')}.`,
  cannotSee:
    'Tanto faz usar maiúsculas ou minúsculas. Se você não consegue ver nem ouvir as letras, peça um convite a um membro.',
  anyWay: 'Tanto faz usar maiúsculas, espaços e pontuação.',
  here: 'Aqui está seu convite',
  next: 'O que fazer agora',
  copyNow: 'Copie o código agora: esta página o mostra só por pouco tempo.',
  paste: html`No seu app de Scuttlebutt, procure <em>colar um convite</em> ou <em>entrar em um servidor</em> e cole o código ali.`,
  within: (days, until) =>
    html`Use o código em até ${count(days, 'dia', 'dias')}: ele vale até <time datetime="${until}">${until}</time> e funciona uma só vez.`,
  otherWays: 'Outras formas de usar o mesmo convite',
  keep: 'Não compartilhe: quem usar o convite primeiro entra no seu lugar.',
}
