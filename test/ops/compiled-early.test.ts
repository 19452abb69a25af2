import t from 'tap';
import { compiledEarly } from '../../ops/packaging/compiled-early.ts';

const CODE = `import{basename}from"node:path";const first=later(2);function later(n){return[n].map(x=>x*2).map(x=>(y=>x+y)(1))[0]}
async function waited(){return await(async()=>7)()}function*counted(){yield 1;yield 2}
class Made{#n=1;static of=()=>new Made;get n(){return this.#n}set n(n){this.#n=n}add(by=()=>2){this.#n+=by();return this}}
const held={own(){return 4},get seen(){return 5},arrow:()=>6,plain:function(){return typeof arguments}};let rest=8
export{basename,first,later,waited,counted,Made,held,rest};`;

const said = async (code: string) => {
  const m = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  const { own, seen, arrow, plain } = m.held;
  const made = m.Made.of().add();
  made.n += 10;
  const values = [m.basename('/a/b'), m.first, await m.waited(), [...m.counted()], made.n, m.rest];
  return [...values, own(), seen, arrow(), plain(), m.later.name];
};

t.test('a module does the same with its functions in parentheses', async (t) => {
  const early = compiledEarly(CODE);
  const right = ['b', 5, 7, [1, 2], 13, 8, 4, 5, 6, 'object', 'later'];
  t.same(await said(CODE), right);
  t.same(await said(early), right);
  t.match(early, 'var later=(function later(n){return[n].map((x=>x*2)).map((x=>((y=>x+y))(1)))[0]});');
  t.match(early, 'own(){return 4},get seen(){return 5},arrow:(()=>6),plain:(function(){return typeof arguments})');
});
