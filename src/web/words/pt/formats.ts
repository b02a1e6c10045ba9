// SPDX-License-Identifier: AGPL-3.0-or-later
// Portuguese: the forms of an invite, an alias or the room's address, and which apps take which.

import type { Words } from '../en.js'

export const formats: Words['formats'] = {
  all: 'Todas as formas de usar o convite',
  byHand: 'Ou selecione o texto e copie.',
  picture: 'Mostrar código QR',
  link: {
    label: 'Link do convite',
    copy: 'Copiar link',
    apps: 'Para Manyverse, Planetary e outros apps compatíveis com salas. Ele abre a página deste convite.',
    qr: 'O link do convite em código QR',
  },
  claim: {
    label: 'Link que abre um app',
    copy: 'Copiar link para o app',
    apps: 'Para os mesmos apps, se estiverem instalados neste dispositivo.',
    qr: 'O link que abre um app em código QR',
  },
  code: {
    label: 'Código do convite',
    copy: 'Copiar código',
    apps: 'Para Delog, Manyverse, Patchwork, Oasis e outros apps que aceitam convites de pub: cole o código onde o app pede um convite.',
    qr: 'O código do convite em código QR',
  },
  address: {
    label: 'Endereço do relay',
    copy: 'Copiar endereço',
    apps: 'Para apps que pedem o endereço de um servidor. Ele só diz onde está o relay; não faz de você um membro.',
    qr: 'O endereço do relay em código QR',
  },
  open: {
    label: 'Convite aberto',
    copy: 'Copiar convite aberto',
    apps: 'Para Manyverse, Patchwork e outros apps compatíveis com salas: cole o convite onde o app adiciona uma sala ou um servidor.',
    qr: 'O convite aberto em código QR',
  },
  name: {
    label: 'Endereço desta página',
    copy: 'Copiar endereço da página',
    apps: 'Para Manyverse, Planetary e outros apps compatíveis com aliases de salas, e para compartilhar.',
    qr: 'O endereço desta página em código QR',
  },
  connect: {
    label: 'Link que abre um app',
    copy: 'Copiar link para o app',
    apps: 'Para os mesmos apps, se estiverem instalados neste dispositivo.',
    qr: 'O link que abre um app em código QR',
  },
}
