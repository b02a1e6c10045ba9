// The shapes of pull-streams, as far as the wire and the stream methods use them. Types only.
export {}
