/** A small line of the samples of this session. `text` says what it shows, for readers who do not see it. */
export function Sparkline({ samples, text, kind }: { samples: number[]; text: string; kind: string }) {
  if (samples.length < 2)
    return <svg class={`spark ${kind}`} viewBox="0 0 100 24" role="img" aria-label={`${text}: no samples yet`} />;
  const high = Math.max(...samples);
  const low = Math.min(...samples);
  const range = high - low || 1;
  const points = samples.map((sample, index) => {
    const y = high === low ? 12 : 22 - ((sample - low) / range) * 20;
    return `${((index / (samples.length - 1)) * 100).toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg
      class={`spark ${kind}`}
      viewBox="0 0 100 24"
      preserveAspectRatio="none"
      role="img"
      aria-label={`${text}: between ${low} and ${high}`}
    >
      <polygon points={`0,24 ${points.join(" ")} 100,24`} />
      <polyline points={points.join(" ")} />
    </svg>
  );
}
