import test from 'ava';
import { nextLink } from '../../../src/registry/link.ts';

test('nextLink() finds the target of rel=next among links and lines', (t) => {
  t.is(nextLink(['</v2/a/tags/list?n=2&last=b>; rel="next"']), '/v2/a/tags/list?n=2&last=b');
  t.is(nextLink(['<https://r/x?a=1,2>; title="a, b"; REL=next']), 'https://r/x?a=1,2');
  t.is(nextLink(['</prev>; rel="prev", </next>; rel="last next"']), '/next');
  t.is(nextLink(['</prev>; rel="prev"', '</next>; rel=next']), '/next');
});

test('nextLink() of other links, or of none, is undefined', (t) => {
  for (const lines of [[], [''], ['</a>; rel="prev"'], ['</a>'], ['/a; rel="next"'], ['</a>; title="; rel=\\"next"; rel="nextone"']]) t.is(nextLink(lines), undefined, lines.join());
});
