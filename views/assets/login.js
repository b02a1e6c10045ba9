// SPDX-License-Identifier: AGPL-3.0-or-later
// Sign-in page: continues once the app has confirmed. Without scripts a meta tag reloads the page.

const events = new EventSource('/login/events')
events.addEventListener('done', () => {
  events.close()
  location.reload()
})
// too many event streams: reload instead
events.addEventListener('error', () => {
  if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000)
})
