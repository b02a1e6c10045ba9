// SPDX-License-Identifier: AGPL-3.0-or-later
// Portuguese: the relay's warnings, by code.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const warnings: Words['warnings'] = {
  recovering: 'O relay foi restaurado e ainda está se recuperando. Até terminar, ninguém pode entrar.',
  clock_unconfirmed:
    'A hora não está confirmada. Nada do que expirou é apagado, e convites novos expiram pelo tempo de funcionamento, não pela data.',
  store_high: (percent) =>
    html`O armazenamento está ${percent} % cheio. Com 100 %, mensagens novas são recusadas (<code>store.max_bytes</code>).`,
  disk_low: (mib) => `Restam ${mib} MiB no disco. Sem espaço, mensagens novas são recusadas.`,
  descriptors_high: (open, limit) =>
    html`${open} de ${limit} descritores de arquivo estão em uso: aumente <code>LimitNOFILE</code> ou <code>ulimit -n</code>.`,
  local_pages_closed: 'Não há páginas para a rede local.',
  proxy_misconfigured: 'O proxy reverso está mal configurado.',
  certificate_expired: 'O certificado expirou.',
  certificate_not_yet_valid: 'Segundo este relógio, o certificado ainda não é válido.',
  certificate_missing: 'Ainda não há certificado.',
  certificate_ends: (days) => `O certificado expira em ${count(days, 'dia', 'dias')}.`,
  https_problem: 'Há um problema com HTTPS.',
  onion_problem: (state) => html`Há um problema com o endereço onion: <code>${state}</code>.`,
  backup_old: (days) =>
    html`O último backup tem ${count(days, 'dia', 'dias')}: veja se o temporizador está ativo ou execute <code>tidepool backup FILE</code>.`,
  relays_lost: (n: number) =>
    html`${count(n, 'outro relay está', 'outros relays estão')} sem conexão há um dia ou sem aceitar feeds; não há mensagens novas lá: veja <code>tidepool peer list</code>.`,
  ebt_off: (members) =>
    html`Os apps de ${count(members, 'membro', 'membros')} pedem EBT, que está desligado. Eles não recebem feeds deste relay; um admin pode ligar o EBT em “Sala”.`,
  web_invites_reached: (times) =>
    html`O limite de convites por hora foi atingido ${count(times, 'vez', 'vezes')} desde o início. Se são estranhos demais, faça uma pergunta ou altere o modo em “Sala”; senão, aumente <code>invite.per_hour</code>.`,
  limit_reached: (limit, times) =>
    html`Limite atingido na última hora: <code>${limit}</code>, ${count(times, 'vez', 'vezes')} desde o início.`,
}
