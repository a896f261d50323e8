//! What is generated, from a seed: a failure comes again.

use serde_json::{Value, json};

/// SplitMix64: small, and the same everywhere.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.roll() % end as u64) as usize
    }

    pub fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    pub fn text(&mut self) -> String {
        const LETTERS: &[char] = &[
            'a', 'Z', '0', '9', '.', ':', '_', '-', '{', '}', '"', '\\', '/', '\'', '%', ' ', '\n',
            '\0', '\u{7f}', 'ä', '🦊', '\u{202e}', '\u{feff}', '\u{ffff}', '<', '>', '&', '*', '[',
            ']', '\r',
        ];
        let length = self.pick(&[0, 1, 2, 3, 8, 9, 30, 64, 65, 200]);
        (0..length).map(|_| self.pick(LETTERS)).collect()
    }

    /// A value of any kind, a few levels deep.
    pub fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 8 } else { 10 }) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(self.roll()),
            3 => json!(self.roll() as i64),
            4 => self.pick(&[
                json!(0),
                json!(-1),
                json!(1.5),
                json!(u64::MAX),
                json!(1u64 << 53),
                json!(1e300),
            ]),
            5..8 => json!(self.text()),
            8 => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
            _ => Value::Object(
                (0..self.below(4))
                    .map(|_| (self.text(), self.value(depth - 1)))
                    .collect(),
            ),
        }
    }

    /// An object with fields that mean something, some of them with values that do not.
    pub fn mutant(&mut self, model: &Value) -> Value {
        let mut mutant = model.clone();
        let fields = mutant.as_object_mut().unwrap();
        let names: Vec<String> = fields.keys().cloned().collect();
        for _ in 0..=self.below(2) {
            let name = self.pick(&names);
            match self.below(4) {
                0 => drop(fields.remove(&name)),
                1 => drop(fields.insert(self.text(), self.value(2))),
                _ => drop(fields.insert(name, self.value(2))),
            }
        }
        mutant
    }

    /// Text that is not even JSON, most of the time.
    pub fn garble(&mut self, text: &str) -> Vec<u8> {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=self.below(3) {
            if bytes.is_empty() {
                break;
            }
            let at = self.below(bytes.len());
            match self.below(4) {
                0 => bytes.truncate(at),
                1 => bytes[at] = self.roll() as u8,
                2 => bytes.insert(at, self.roll() as u8),
                _ => drop(bytes.remove(at)),
            }
        }
        bytes
    }
}
