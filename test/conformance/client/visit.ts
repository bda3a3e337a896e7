// A person without a browser: goes to the authorization URL, and answers with where that sends them back to. The suite's authorization server
// asks nobody anything and redirects at once; one that showed a page would get no answer here.

export async function visit(url: string): Promise<string> {
  const response = await fetch(url, { redirect: 'manual' })
  await response.body?.cancel()
  const back = response.headers.get('location')
  if (back === null) throw new Error(`the authorization server answered ${response.status} in place of sending the person back`)
  return back
}
