let mutant;

export function initialize(data) {
  mutant = data;
}

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  if (!url.endsWith(`/dist/${mutant.file}`)) return loaded;
  const text = String(loaded.source);
  const parts = text.split(mutant.from);
  if (parts.length !== 2)
    throw new Error(`mutant: ${mutant.from} is ${parts.length - 1} times there`);
  return { ...loaded, source: parts.join(mutant.to) };
}
