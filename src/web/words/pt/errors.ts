// SPDX-License-Identifier: AGPL-3.0-or-later
// Portuguese: error pages.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

const sayings: Words['errors']['sayings'] = {
  not_found: {
    title: 'Página não encontrada',
    hint: 'Não há nenhuma página neste endereço, ou você não pode vê-la. Confira o endereço ou entre com seu app.',
  },
  method_not_allowed: {
    title: 'Pedido não aceito',
    hint: 'Este endereço não aceita esse tipo de pedido. Volte e use os links e botões da própria página.',
  },
  wrong_host: {
    title: 'Nome de servidor desconhecido',
    hint: 'Este servidor não responde pelo nome que está na barra de endereço. Confira o endereço.',
  },
  proxy_unproven: {
    title: 'O proxy ainda não está configurado',
    hint: 'O servidor web à frente deste relay precisa enviar o cabeçalho X-Forwarded-Proto: https. As configurações para nginx, Caddy e Apache estão em docs/run-it.md.',
  },
  not_allowed: {
    title: 'Não permitido',
    hint: 'Sua função não permite isso, ou o formulário veio de outro site. Abra a página aqui e tente de novo.',
  },
  signed_out: { title: 'Você ainda não entrou', hint: 'Entre para ver esta página.' },
  sign_in_refused: {
    title: 'Não foi possível entrar',
    hint: 'Nenhum app de um membro confirmou a tempo. Verifique se seu app está conectado a este relay e comece de novo.',
  },
  link_void: {
    title: 'Link já usado ou expirado',
    hint: 'Um link de acesso funciona uma vez e por pouco tempo. Peça um novo.',
  },
  form_stale: {
    title: 'O formulário expirou',
    hint: 'Você entrou de novo depois de abrir esta página, ou seu navegador bloqueia cookies. Abra a página outra vez.',
  },
  invite_unknown: {
    title: 'Convite não encontrado',
    hint: 'O link está incompleto, ou o convite expirou há muito tempo. Copie o link inteiro ou peça um novo convite.',
  },
  bad_feed_id: {
    title: 'ID de feed inválido',
    hint: 'Um ID de feed é formado por @, 44 caracteres e .ed25519. Copie o ID do seu app, volte e tente de novo.',
  },
  bad_argument: {
    title: 'Valor inválido',
    hint: 'Um campo do formulário tem um valor que não pode ser usado. Volte e confira o que você preencheu.',
  },
  not_following: {
    title: 'Não é membro',
    hint: 'Este feed não é, ou não é mais, membro desta sala. Confira o ID de feed.',
  },
  already_following: {
    title: 'Já é membro',
    hint: 'O relay já segue este feed; não é preciso fazer nada.',
  },
  not_admitted: {
    title: 'O feed está bloqueado',
    hint: 'Este feed está bloqueado aqui. A moderação pode desbloqueá-lo no painel.',
  },
  recovering: {
    title: 'O relay está em recuperação',
    hint: 'O relay foi restaurado de um backup e não aceita mudanças até conhecer seu estado mais recente. Tente de novo em alguns minutos.',
  },
  store_full: {
    title: 'O armazenamento está cheio',
    hint: 'O relay não consegue guardar mais nada. Avise quem cuida dele.',
  },
  last_admin: {
    title: 'A sala precisa de admin',
    hint: 'Só você é admin. Dê primeiro essa função a outra pessoa.',
  },
  body_too_large: {
    title: 'Formulário grande demais',
    hint: 'O formulário tem mais texto do que este relay aceita. Volte e encurte o texto.',
  },
  body_malformed: {
    title: 'Formulário ilegível',
    hint: 'O relay não conseguiu ler o que seu navegador enviou. Volte, recarregue a página e tente de novo.',
  },
  invites_exhausted: {
    title: 'Não há mais convites por enquanto',
    hint: 'O relay dá um número limitado de convites por hora.',
  },
  quota_reached: {
    title: 'Tentativas demais',
    hint: 'O limite para esta ação foi atingido. Espere um pouco antes de tentar de novo.',
  },
  already_set_up: {
    title: 'A sala já está configurada',
    hint: 'Esta sala já tem nome. Mude-o no painel ou com tidepool setup.',
  },
  matrix_off: {
    title: 'A antessala está desligada',
    hint: 'Este relay não tem antessala no Matrix no momento. Quem opera o relay pode ligá-la.',
  },
  matrix_refused: {
    title: 'Recusado no Matrix',
    hint: 'O outro servidor ou as regras da antessala não permitem isso. Confira o nome da conta e tente de novo.',
  },
  matrix_unreachable: {
    title: 'O servidor Matrix não respondeu',
    hint: 'Não houve resposta do outro servidor. Confira o nome dele ou tente de novo mais tarde.',
  },
  busy: {
    title: 'O relay está ocupado',
    hint: 'Há pedidos demais ao mesmo tempo. Tente de novo em um minuto.',
  },
  internal: {
    title: 'Erro interno',
    hint: 'O relay não conseguiu responder; a culpa não é sua. Tente de novo em alguns minutos e, se o erro continuar, avise quem cuida deste relay.',
  },
}

export const errors: Words['errors'] = {
  sayings,
  other: { title: 'Não deu certo', hint: 'Volte e tente de novo.' },
  comeBack: (minutes) =>
    html`Tente de novo daqui a cerca de <strong>${count(minutes, 'minuto', 'minutos')}</strong>.`,
  instead: (address) =>
    html`Ele responde em <a href="${address}/">${address}</a>. Para usar também este nome, quem opera o servidor o acrescenta a <code>web.names</code>.`,
  /** the label of the link, by its path */
  to: {
    '/': 'Ir para a página inicial',
    '/invite/': 'Ir para a página de convites',
    '/login': 'Entrar',
    '/dashboard': 'Ir para o painel',
  },
  words: {
    invite_unknown: 'convite desconhecido',
    invite_used_up: 'convite esgotado',
    invite_expired: 'convite expirado',
    already_following: 'este feed já é membro',
    invite_malformed: 'convite malformado',
    not_admitted: 'entrada negada',
    not_allowed: 'não permitido',
    no_such_method: 'esse método não existe',
    busy: 'ocupado demais, tente mais tarde',
    clock_unset: 'o relógio ainda não foi acertado',
    bad_argument: 'valor inválido',
    bad_feed_id: 'ID de feed inválido',
    message_invalid: 'mensagem inválida',
    message_too_large: 'mensagem grande demais',
    message_unwanted: 'mensagem de um feed que não foi pedido',
    feed_forked: 'feed bifurcado',
    feed_full: 'feed cheio',
    store_full: 'armazenamento cheio',
    not_following: 'este feed não é membro',
    quota_reached: 'limite atingido',
    alias_taken: 'alias já em uso',
    alias_invalid: 'alias inválido',
    signature_invalid: 'assinatura inválida',
    not_attending: 'não foi possível conectar',
    tunnel_ended: 'túnel encerrado',
    token_wrong: 'token errado',
    already_set_up: 'a sala já está configurada',
    signed_out: 'é preciso entrar',
    sign_in_refused: 'acesso recusado',
    link_void: 'link de acesso inválido',
    form_stale: 'formulário expirado',
    last_admin: 'a sala não pode ficar sem admin',
    captcha_wrong: 'resposta errada',
    captcha_missing: 'desafio expirado ou já usado',
    invites_exhausted: 'não há mais convites por enquanto',
    not_found: 'não encontrado',
    method_not_allowed: 'método não permitido',
    wrong_host: 'nome de servidor desconhecido',
    proxy_unproven: 'o proxy reverso não comprova o HTTPS',
    body_too_large: 'conteúdo grande demais',
    body_malformed: 'conteúdo ilegível',
    matrix_off: 'a antessala está desligada',
    matrix_refused: 'recusado pelo outro servidor ou pelas regras da sala',
    matrix_unreachable: 'o servidor Matrix não respondeu',
    peer_unreachable: 'o outro relay não respondeu',
    config_invalid: 'configuração inválida',
    data_unusable: 'o diretório de dados não pode ser usado',
    backup_unusable: 'o backup não pode ser usado',
    recovering: 'em recuperação, ainda não pode publicar',
    machine_unsupported: 'esta máquina não é compatível',
    relay_running: 'já há um relay em execução',
    relay_not_running: 'não há nenhum relay em execução',
    certificate_unusable: 'o certificado não pode ser usado',
    address_unusable: 'este endereço não pode ser usado',
    internal: 'erro interno',
  },
}
