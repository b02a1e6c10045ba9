// SPDX-License-Identifier: AGPL-3.0-or-later
// Portuguese: the set-up page of the first start.

import type { Words } from '../en.js'
import { html } from '../text.js'

export const setup: Words['setup'] = {
  title: 'Configure esta sala',
  lead: 'O relay está funcionando. Dê um nome à sua sala.',
  seeBelow: 'Corrija os campos marcados.',
  token: 'Token',
  tokenHint: 'Está no fim do link de configuração que o relay mostrou ao iniciar.',
  tokenWrong: 'Token errado. O relay cria um novo cada vez que inicia; tidepool setup mostra o link atual.',
  keyOver: 'A página estava desatualizada. Confira e envie de novo.',
  name: 'Nome',
  nameHint: (most) => `Como as pessoas vão chamar a sala; no máximo ${most} caracteres.`,
  nameMissing: 'Escreva um nome.',
  description: 'Descrição',
  descriptionHint: (most) => `Para quem é a sala e de que se trata; no máximo ${most} caracteres.`,
  tooLong: (most, now) => `No máximo ${most} caracteres; você escreveu ${now}.`,
  apps: 'Que apps as pessoas vão usar?',
  ebt: 'Manyverse ou outro app que replica por EBT',
  ebtHint: 'Sem isto, esses apps não recebem feeds do relay. O Delog e apps mais antigos não precisam.',
  admin: 'Seu ID de feed',
  adminHint: '@….ed25519, do seu app de Scuttlebutt: com ele, você será o primeiro membro e admin.',
  adminMalformed: 'Um ID de feed é formado por @, 44 caracteres e .ed25519: copie o ID completo.',
  adminIsRelay: 'Este é o ID do próprio relay. O seu está no seu app.',
  adminBlocked: 'Este feed está bloqueado. Desbloqueie-o primeiro com tidepool unblock.',
  open: 'Abrir a sala',
  later: html`Você pode mudar tudo isto depois com <code>tidepool setup</code> e, com <code>tidepool mode</code>, quem pode
participar. Para abrir o painel, use “Entrar” com seu app conectado ao relay. Ou execute
<code>tidepool members link</code> com seu ID de feed: ele mostra um link de acesso.`,
  ready: {
    title: (room) => `${room}: tudo pronto`,
    nobody: 'Por enquanto, só este computador alcança a sala.',
    nobodyHow:
      'Para outras pessoas, ela precisa de um endereço onion (onion.enabled) ou de um domínio público e portas abertas: veja “How others reach the relay” em docs/run-it.md.',
    invite: 'Convide alguém',
    inviteHow: 'Este convite é para uma pessoa. Envie o link ou mostre a imagem.',
    reachedBy: (host) => html`Outras pessoas alcançam a sala em <code>${host}</code>.`,
    inviteLater: html`<code>tidepool invite create</code> mostra um convite para enviar.`,
    signIn:
      'Você é admin desta sala. Quando seu app estiver conectado ao relay, ele abre sua sessão no painel.',
    noAdmin:
      'A sala ainda não tem admin, então ninguém pode abrir o painel. O primeiro comando dá esse papel ao seu ID de feed, e o segundo mostra um link de acesso:',
    front: 'Ir para a página inicial',
  },
}
