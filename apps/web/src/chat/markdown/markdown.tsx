import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { memo } from '../../ui/memo';
import { GrowingBlocks, type Block } from './blocks';
import { renderBlock } from './render-block';

interface MarkdownProps {
  text: string;
  /** An answer that is being written: its last block grows. */
  isGrowing?: boolean;
}

/** Blocks that have not changed keep their nodes: a growing text costs its last block only. */
export function Markdown({ text, isGrowing = false }: MarkdownProps) {
  const [growing] = useState(() => new GrowingBlocks());
  // What is whole is read as a whole: the end of a text may tell what a link in its beginning means.
  const blocks = useMemo(
    () => (isGrowing ? growing : new GrowingBlocks()).of(text),
    [text, isGrowing],
  );
  return (
    <div class="markdown" dir="auto">
      {blocks.map((block, index) => (
        <BlockView key={index} block={block} isGrowing={isGrowing && index === blocks.length - 1} />
      ))}
    </div>
  );
}

interface BlockProps {
  block: Block;
  isGrowing: boolean;
}

const BlockView = memo(
  function BlockView({ block, isGrowing }: BlockProps) {
    const ref = useRef<HTMLDivElement>(null);
    useLayoutEffect(() => ref.current!.replaceChildren(renderBlock(block, isGrowing)));
    return <div ref={ref} />;
  },
  (before, after) => before.block.raw === after.block.raw && before.isGrowing === after.isGrowing,
);
