// quotad: tells `quotad hook` of prompts, ends of turns and refusals. Written by
// `quotad hooks install`; `quotad hooks uninstall` takes it away.
//
// Nothing here can delay or block a prompt: it only listens to the bus, which
// waits for nobody, starts a program that is on its own from then on, and never
// throws. No text of a prompt is looked at.
import { spawn } from "node:child_process"

const program = "PROGRAM"
const tool = "TOOL"
const most = 500 // of what is remembered, of each sort

const send = (event, about) => {
  try {
    const child = spawn(program, ["hook", tool], { stdio: ["pipe", "ignore", "ignore"], detached: true })
    child.on("error", () => {})
    child.stdin.on("error", () => {})
    child.stdin.end(JSON.stringify({ event, ...about }))
    child.unref()
  } catch {}
}

// keep remembers a value, and forgets the oldest for it.
const keep = (map, key, value) => {
  map.delete(key)
  map.set(key, value)
  if (map.size > most) map.delete(map.keys().next().value)
}

const server = async ({ client, directory } = {}) => {
  const urls = new Map() // provider: its URL, where the settings name one
  const parents = new Map() // session: its parent, or "" where it has none
  const waiting = new Map() // message: a prompt whose first part is to come
  const told = new Map() // message: sent, or not a person's
  const last = new Map() // session: what is told of its last prompt
  const refused = new Map() // session: the refusal that was told last

  // parent asks for a session that began before the plugin did.
  const parent = async (session) => {
    if (parents.has(session)) return parents.get(session)
    try {
      const late = new Promise((done) => setTimeout(done, 1000).unref?.())
      const asked = await Promise.race([client.session.get({ path: { id: session } }), late])
      if (asked?.data) keep(parents, session, asked.data.parentID ?? "")
    } catch {}
    return parents.get(session) ?? ""
  }

  // prompt remembers a message of the user's. The same one is told of more than
  // once, and whether a person wrote it stands in its parts.
  const prompt = (info) => {
    if (told.has(info.id) || waiting.has(info.id)) return
    const provider = info.model?.providerID
    keep(waiting, info.id, {
      session: info.sessionID, id: info.id, at: info.time?.created, project: directory,
      provider, model: info.model?.modelID, url: urls.get(provider),
    })
  }

  // part sends a prompt at the first part that a person wrote. The tool adds
  // parts of its own, and messages of nothing else: a summary, a command that
  // was run, a push to go on.
  const part = async (p) => {
    const about = waiting.get(p.messageID)
    if (!about || p.synthetic || p.ignored || p.type === "compaction") return
    waiting.delete(p.messageID)
    keep(told, p.messageID, true)
    keep(last, about.session, about)
    about.parent = await parent(about.session)
    send("prompt", about)
  }

  // refusal passes on what the provider said, once as long as it says the same.
  const refusal = (event, session, message) => {
    if (typeof message !== "string" || refused.get(session) === message) return
    keep(refused, session, message)
    send(event, { ...last.get(session), session, project: directory, message: message.slice(0, 2000) })
  }

  return {
    config: async (config) => {
      try {
        for (const [id, provider] of Object.entries(config?.provider ?? {})) {
          const url = provider?.options?.baseURL ?? provider?.api
          if (typeof url === "string") keep(urls, id, url)
        }
      } catch {}
    },
    event: async ({ event } = {}) => {
      try {
        const about = event?.properties ?? {}
        const info = about.info ?? {}
        switch (event?.type) {
          case "session.created":
          case "session.updated":
            if (info.id) keep(parents, info.id, info.parentID ?? "")
            break
          case "message.updated":
            if (info.role === "user" && info.id) prompt(info)
            break
          case "message.part.updated":
            if (about.part) await part(about.part)
            break
          case "session.idle":
            refused.delete(about.sessionID)
            send("stop", {
              ...last.get(about.sessionID), session: about.sessionID, project: directory,
              parent: await parent(about.sessionID),
            })
            break
          case "session.status":
            if (about.status?.type === "retry") refusal("retry", about.sessionID, about.status.message)
            break
          case "session.error":
            refusal("error", about.sessionID, about.error?.data?.message)
            break
        }
      } catch {}
    },
  }
}

export default "PLUGIN"
