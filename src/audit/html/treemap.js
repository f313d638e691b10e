/**
 * A squarified treemap (Bruls, Huizing, van Wijk): places `items`, which have a `value` above 0 and are sorted by it, the largest
 * first, in the rectangle so that each is about as wide as high. Gives `{ item, x, y, width, height }` for each.
 */
function squarify(items, rectangle) {
  const total = items.reduce((sum, item) => sum + item.value, 0);
  const placed = [];
  if (total <= 0 || rectangle.width <= 0 || rectangle.height <= 0) return placed;
  const scale = (rectangle.width * rectangle.height) / total;
  let free = { ...rectangle };
  let start = 0;
  while (start < items.length) {
    const side = Math.min(free.width, free.height);
    let end = start;
    let area = 0;
    let worst = Infinity;
    while (end < items.length) {
      const next = area + items[end].value * scale;
      const ratio = worstRatio(items[start].value * scale, items[end].value * scale, next, side);
      if (ratio > worst) break;
      worst = ratio;
      area = next;
      end += 1;
    }
    free = placeRow(items.slice(start, end), area, scale, free, placed);
    start = end;
  }
  return placed;
}

/** The ratio of the sides of the worst box of a row: either the largest or the smallest. */
function worstRatio(largest, smallest, area, side) {
  const square = area * area;
  return Math.max((side * side * largest) / square, square / (side * side * smallest));
}

/** Puts a row along the shorter side; gives what is left of the rectangle. */
function placeRow(row, area, scale, free, placed) {
  const isColumn = free.width >= free.height;
  const thickness = area / (isColumn ? free.height : free.width);
  let offset = 0;
  for (const item of row) {
    const length = (item.value * scale) / thickness;
    placed.push(
      isColumn
        ? { item, x: free.x, y: free.y + offset, width: thickness, height: length }
        : { item, x: free.x + offset, y: free.y, width: length, height: thickness },
    );
    offset += length;
  }
  return isColumn
    ? { x: free.x + thickness, y: free.y, width: free.width - thickness, height: free.height }
    : { x: free.x, y: free.y + thickness, width: free.width, height: free.height - thickness };
}
