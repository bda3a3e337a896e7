/**
 * The one script that pages of ours have, where a passkey is used or added: browsers have no other way to ask for one. It is part of the
 * page, allowed by its hash alone, and asks nobody anything: what the browser answers goes into the form, and the form is sent as ever.
 *
 * A form says with `data-passkey` what it wants (`get`, `create`) and with `data-options` how (WebAuthn §5.1.8, §5.1.10 as JSON); it is
 * `hidden` until the script runs, so that nobody without one sees a button that does nothing. In a form with `data-conditional` the browser
 * offers passkeys where the name is typed, too.
 *
 * @module
 */

import { hash } from 'node:crypto'

export const passkeyScript = `(() => {
'use strict'
const forms = [...document.querySelectorAll('form[data-passkey]')]
if (!window.PublicKeyCredential || forms.length === 0) return
const toBytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
const optionsOf = (form) => {
  const options = JSON.parse(form.dataset.options)
  options.challenge = toBytes(options.challenge)
  if (options.user) options.user.id = toBytes(options.user.id)
  for (const list of ['allowCredentials', 'excludeCredentials'])
    if (options[list]) options[list] = options[list].map((known) => ({ ...known, id: toBytes(known.id) }))
  return options
}
const answerOf = (credential) => {
  const { id, type, authenticatorAttachment, response } = credential
  const said = { clientDataJSON: toText(response.clientDataJSON) }
  if (response.attestationObject) {
    said.attestationObject = toText(response.attestationObject)
    said.transports = response.getTransports ? response.getTransports() : []
  } else {
    said.authenticatorData = toText(response.authenticatorData)
    said.signature = toText(response.signature)
    if (response.userHandle) said.userHandle = toText(response.userHandle)
  }
  return JSON.stringify({
    id,
    rawId: id,
    type,
    response: said,
    clientExtensionResults: credential.getClientExtensionResults(),
    authenticatorAttachment: authenticatorAttachment || undefined,
  })
}
const send = (form, credential) => {
  form.elements.credential.value = answerOf(credential)
  form.submit()
}
let waiting
for (const form of forms) {
  const failed = form.querySelector('[data-failed]')
  form.hidden = false
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (waiting) waiting.abort()
    if (failed) failed.hidden = true
    try {
      const publicKey = optionsOf(form)
      const make = form.dataset.passkey === 'create'
      send(form, make ? await navigator.credentials.create({ publicKey }) : await navigator.credentials.get({ publicKey }))
    } catch {
      if (failed) failed.hidden = false
    }
  })
}
const offered = forms.find((form) => 'conditional' in form.dataset)
const ask = async () => {
  const { isConditionalMediationAvailable: available } = PublicKeyCredential
  if (!offered || !available || !(await available.call(PublicKeyCredential))) return
  waiting = new AbortController()
  const credential = await navigator.credentials.get({ mediation: 'conditional', publicKey: optionsOf(offered), signal: waiting.signal })
  if (credential) send(offered, credential)
}
ask().catch(() => {})
})()`

export const passkeyScriptHash: string = `sha256-${hash('sha256', passkeyScript, 'base64')}`
