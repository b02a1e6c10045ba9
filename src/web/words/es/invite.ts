// SPDX-License-Identifier: AGPL-3.0-or-later
// Spanish: the captcha page, and the invite it leads to.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const invite: Words['invite'] = {
  titleInvite: (room) => `Conseguir una invitación a ${room}`,
  titleKnock: (room) => `Llamar a la puerta de ${room}`,
  getInvite: 'Conseguir una invitación',
  knock: 'Llamar a la puerta',
  getMine: 'Recibir mi invitación',
  goOn: 'Continuar',
  wrong: html`<strong>Respuesta incorrecta.</strong> Inténtalo de nuevo.`,
  missing: html`<strong>Esta página ha caducado.</strong> Ya se respondió o es demasiado antigua, o tu navegador bloquea las cookies. Inténtalo de nuevo.`,
  invitesGone: (minutes) =>
    `Por ahora no quedan invitaciones; habrá otra dentro de ${count(minutes, 'minuto', 'minutos')}, más o menos.`,
  knocksGone: (minutes) =>
    `Ya ha llamado demasiada gente; podrás llamar dentro de ${count(minutes, 'minuto', 'minutos')}, más o menos.`,
  question: '¿Qué letras nadan aquí?',
  picture: 'Acertijo: cinco o seis letras deformadas',
  letters: 'Las letras que ves u oyes',
  listen: 'Escuchar las letras',
  openSound: 'Abrir solo el sonido',
  orPicture: 'O bien: ¿qué letras nadan aquí?',
  answer: 'Tu respuesta',
  another: 'Otro acertijo',
  pressForCode: 'Pulsa el botón para recibir tu invitación.',
  pressForKnock: 'Pulsa el botón y después preséntate.',
  worthKnock: (room) =>
    html`Después te presentas, y alguien de <strong><bdi>${room}</bdi></strong> te abre la puerta.`,
  worthCode: (room, days) =>
    html`Con el código de invitación, una persona puede unirse a <strong><bdi>${room}</bdi></strong>, una sola vez, en un plazo de ${count(days, 'día', 'días')}.`,
  cannotSee:
    'Da igual si escribes en mayúsculas o en minúsculas. Si no puedes ver ni oír las letras, pide una invitación a un miembro.',
  anyWay: 'Dan igual las mayúsculas, los espacios y la puntuación.',
  here: 'Aquí tienes tu invitación',
  next: 'Qué hacer ahora',
  copyNow: 'Copia el código ya: esta página lo muestra poco tiempo.',
  paste: html`En tu app de Scuttlebutt, busca <em>pegar una invitación</em> o <em>unirse a un servidor</em> y pega ahí el código.`,
  within: (days, until) =>
    html`Úsalo en un plazo de ${count(days, 'día', 'días')}, hasta el <time datetime="${until}">${until}</time>. El código sirve una sola vez.`,
  otherWays: 'Otras formas de usar la misma invitación',
  keep: 'No la compartas: entra la primera persona que la use.',
}
