// SPDX-License-Identifier: AGPL-3.0-or-later
// Portuguese: the pages for the local network.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const local: Words['local'] = {
  noToken: (minutes) => `Por mais ${count(minutes, 'minuto', 'minutos')}, esta página não pede o token.`,
  noTokenHow:
    'Você está na mesma rede que o relay. Até esse tempo acabar, qualquer aparelho desta rede pode configurar a sala, uma vez. Então faça isso agora.',
  needsToken: 'Esta página pede o token.',
  tokenWhere: html`Ele está no fim do link de configuração. O link aparece na tela da placa e no arquivo
<code>tidepool.txt</code> na partição de inicialização do cartão, que qualquer computador consegue ler.`,
  tokenHint: 'A última parte do link de configuração, depois de token=.',
  restart: 'Ou reinicie a placa: por uma hora, esta página não pede o token.',
  adminHint:
    '@….ed25519, do seu app de Scuttlebutt: com ele, você será o primeiro membro e admin. Sem ele ninguém pode abrir o painel, e só dá para adicioná-lo com um teclado ou por SSH.',
  onlyHere: 'Por enquanto, só esta rede alcança a sala.',
  onlyHereHow: 'A página inicial daqui mostra um endereço para todos assim que houver um.',
  inviteLater: 'Os convites são criados no painel.',
  lead: 'Esta página é para a rede do relay. De outras redes, use um dos endereços abaixo.',
  boardAt: (address) => html`Esta placa tem o endereço <code>${address}</code> nesta rede.`,
  addresses: 'Endereços para todos',
  noAddress: 'A sala ainda não tem um endereço que funcione a partir de outras redes.',
  waiting:
    'O endereço onion aparece aqui quando o Tor o publicar. Isso leva alguns minutos; depois recarregue esta página.',
  getAddress: html`Para ter um, defina <code>onion.enabled</code> ou <code>domain.name</code> na configuração.`,
  onion: {
    title: 'Endereço onion',
    how: 'Abre no Tor Browser. Funciona de qualquer lugar.',
    qr: 'O endereço onion como código QR',
  },
  https: { title: 'Domínio', how: 'Abre em qualquer navegador.', qr: 'O endereço do domínio como código QR' },
  health: 'Estado do relay',
  signIn: 'Nesta rede você pode entrar aqui, quando seu app estiver conectado ao relay.',
}
