"""Who is asking, and what they may do: identities, bearer keys, calls between services, form protection."""
