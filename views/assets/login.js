// On the sign-in page: goes on by itself once the app has spoken. Without scripts the page looks again by itself.

const events = new EventSource('/login/events')
events.addEventListener('done', () => {
  events.close()
  location.replace('/login')
})
// refused, as too many listen: look again in a while
events.addEventListener('error', () => {
  if (events.readyState === EventSource.CLOSED) setTimeout(() => location.replace('/login'), 5000)
})
