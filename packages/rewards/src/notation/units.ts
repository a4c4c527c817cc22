/** A unit of measure: what it measures, and how many of that dimension's base unit it is. */
export interface Unit {
  readonly dimension: string;
  readonly factor: number;
}

const table: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  length: {
    "1": "m meter meters metre metres",
    "0.01": "cm centimeter centimeters centimetre centimetres",
    "0.001": "mm millimeter millimeters millimetre millimetres",
    "0.1": "dm decimeter decimeters decimetre decimetres",
    "1000": "km kilometer kilometers kilometre kilometres",
    "1e-6": "μm micrometer micrometers micron microns",
    "1e-9": "nm nanometer nanometers",
    "0.0254": "inch inches",
    "0.3048": "ft foot feet",
    "0.9144": "yd yard yards",
    "1609.344": "mi mile miles",
  },
  time: {
    "1": "s sec secs second seconds",
    "0.001": "ms millisecond milliseconds",
    "60": "min mins minute minutes",
    "3600": "h hr hrs hour hours",
    "86400": "day days",
    "604800": "week weeks",
    "2629746": "month months",
    "31556952": "yr year years",
  },
  mass: {
    "1": "kg kilogram kilograms",
    "0.001": "g gram grams",
    "1e-6": "mg milligram milligrams",
    "1000": "ton tons tonne tonnes",
    "0.45359237": "lb lbs pound pounds",
    "0.028349523125": "oz ounce ounces",
  },
  volume: {
    "1": "L l liter liters litre litres",
    "0.001": "mL ml milliliter milliliters millilitre millilitres",
    "0.01": "cl centiliter centiliters",
    "3.785411784": "gallon gallons gal",
    "0.946352946": "quart quarts",
    "0.473176473": "pint pints",
    "0.2365882365": "cup cups",
  },
  angle: { "1": "rad radian radians", "0.017453292519943295": "deg degree degrees" },
  money: {
    "1": "dollar dollars usd bucks",
    "0.01": "cent cents",
    "1.0000001": "euro euros eur",
    "1.0000002": "rupee rupees yuan rmb yen rubles ruble franc francs",
  },
  speed: {
    "0.44704": "mph",
    "0.2777777777777778": "kph kmh",
  },
  energy: { "1": "J joule joules", "1000": "kJ kilojoule kilojoules", "4.184": "cal calorie calories" },
  power: { "1": "W watt watts", "1000": "kW kilowatt kilowatts" },
  force: { "1": "N newton newtons" },
  electric: { "1": "V volt volts", "2": "A amp amps ampere amperes", "3": "ohm ohms" },
  frequency: { "1": "Hz hertz" },
  temperature: { "1": "celsius", "2": "fahrenheit", "3": "kelvin" },
  count: { "1": "unit units" },
};

const units = new Map<string, Unit>(
  Object.entries(table).flatMap(([dimension, byFactor]) =>
    Object.entries(byFactor).flatMap(([factor, names]) =>
      names.split(" ").map((name): [string, Unit] => [name, { dimension, factor: Number(factor) }]),
    ),
  ),
);

/** Words that qualify a unit and may stand before it: "square centimeters", "cubic inches". */
const powers: Readonly<Record<string, number>> = { square: 2, sq: 2, squared: 2, cubic: 3, cu: 3, cubed: 3 };

export function isUnitWord(word: string): boolean {
  return units.has(word) || units.has(word.toLowerCase()) || Object.hasOwn(powers, word.toLowerCase());
}

/** Units of one letter, which could as well be variables. */
export function isLetterUnit(word: string): boolean {
  return word.length === 1 && units.has(word);
}

/**
 * The measure of a unit as it was written ("cm^2", "square meters", "km/h"); undefined for a mere noun ("apples").
 * Dimensions of products are written out ("length^2", "length/time"), so that equal ones compare equal.
 */
export function measure(written: string): Unit | undefined {
  const [above = "", below, ...more] = written.split(/\/|\bper\b/);
  if (more.length > 0) return undefined;
  const top = product(above);
  if (below === undefined || top === undefined) return top;
  const bottom = product(below);
  return bottom && { dimension: `${top.dimension}/${bottom.dimension}`, factor: top.factor / bottom.factor };
}

function product(written: string): Unit | undefined {
  let pending = 1;
  let dimension = "";
  let factor = 1;
  for (const word of written.trim().split(/\s+/).slice(0, 8)) {
    const [name = "", exponent] = word.split("^");
    const raised = powers[name.toLowerCase()];
    if (raised !== undefined && exponent === undefined) {
      pending = raised;
      continue;
    }
    const unit = units.get(name) ?? units.get(name.toLowerCase());
    const degree = exponent === undefined ? pending : Number(exponent);
    if (unit === undefined || !(degree >= 1 && degree <= 3)) return undefined;
    const cubedLength = unit.dimension === "length" && degree === 3;
    dimension += cubedLength ? "volume" : degree === 1 ? unit.dimension : `${unit.dimension}^${degree}`;
    factor *= cubedLength ? 1000 * unit.factor ** 3 : unit.factor ** degree;
    pending = 1;
  }
  return dimension === "" ? undefined : { dimension, factor };
}
