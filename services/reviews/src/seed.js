// Sample reviews for the sample goods, only into an empty table and only when asked for: what a shop deleted must not come back.
import pg from 'pg';
import { settings } from './shop/postgres.js';
import { schema } from './service.js';

const authors = ['Mika', 'Ines', 'Jonas', 'Priya', 'Tomás', 'Aylin', 'Ruth', 'Oskar', 'Noor', 'Elif', 'Sven', 'Marta'];
const sayings = [
  [5, 'Exactly right', 'I use it every day and would buy it again without thinking.'],
  [5, undefined, 'Arrived quickly, well packed, and looks better than in the picture.'],
  [4, 'Good, with one wish', 'Very well made. A slightly larger size would be perfect for us.'],
  [4, undefined, 'Does what it should. The colour is a little darker than I thought.'],
  [3, 'It is fine', 'Solid work for the price, but nothing that surprises.'],
  [5, 'A gift that was loved', 'Bought it for my sister, and now we need a second one.'],
  [2, 'Not for me', 'The finish is nice, yet it is heavier than I can use comfortably.'],
  [4, undefined, 'After three months it still looks like new.'],
];
// The catalog's sample goods: thirty of each category, numbered through.
const categories = ['KIT', 'TAB', 'COF', 'HOM', 'LIG', 'STA', 'BAG', 'OUT', 'GAR', 'TOY'];

/** The same reviews each time: [sku, author's id, author, stars, title, text]. */
export function samples() {
  const all = [];
  for (const [c, category] of categories.entries()) {
    for (let n = 1; n <= 30; n++) {
      const several = (c * 7 + n * 3) % 6; // some products have none
      for (let k = 0; k < several; k++) {
        const pick = c * 31 + n * 17 + k * 5;
        const [stars, title, text] = sayings[pick % sayings.length];
        all.push([`${category}-${1000 + 30 * c + n}`, `sample-${(pick + k) % authors.length}-${k}`, authors[(pick + k) % authors.length], stars, title, text]);
      }
    }
  }
  return all;
}

/** Writes them in one transaction. */
export async function seed(config) {
  const client = new pg.Client({ ...settings(config, schema, 1), statement_timeout: 60_000, query_timeout: 0 });
  client.on('error', () => {}); // the query that fails tells
  await client.connect();
  try {
    await client.query('BEGIN');
    // Two who seed at once take turns: the second finds a table that is not empty.
    await client.query('LOCK TABLE reviews.reviews IN SHARE ROW EXCLUSIVE MODE');
    const columns = [0, 1, 2, 3, 4, 5].map((n) => samples().map((row) => row[n] ?? null));
    await client.query(
      `INSERT INTO reviews.reviews (id, sku, author_id, author, stars, title, text, state)
       SELECT gen_random_uuid(), sku, author_id, author, stars, title, text, 'published'
       FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[]) AS s (sku, author_id, author, stars, title, text)
       WHERE NOT EXISTS (SELECT 1 FROM reviews.reviews) ON CONFLICT DO NOTHING`, columns);
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}
