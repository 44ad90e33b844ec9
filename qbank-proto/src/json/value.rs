//! How far one JSON value reaches (RFC 8259).

/// The length of the value that begins here, or the place that is wrong: past the end,
/// if more of it could be JSON. Without recursion: nesting takes no stack.
pub(super) fn length(json: &[u8]) -> Result<usize, usize> {
    let mut scan = Scan { json, at: 0 };
    let mut open = Vec::new();
    loop {
        match scan.blank() {
            Some(bracket @ (b'{' | b'[')) => {
                scan.at += 1;
                if scan.blank() == Some(closing(bracket)) {
                    scan.at += 1;
                } else {
                    open.push(bracket);
                    scan.begin(bracket)?;
                    continue;
                }
            }
            Some(b'"') => scan.text()?,
            Some(b'-' | b'0'..=b'9') => scan.number()?,
            Some(b't') => scan.word(b"true")?,
            Some(b'f') => scan.word(b"false")?,
            Some(b'n') => scan.word(b"null")?,
            _ => return Err(scan.at),
        }
        // A value is over, and with it perhaps those it is in.
        loop {
            let Some(bracket) = open.last().copied() else { return Ok(scan.at) };
            let byte = scan.blank();
            if byte != Some(b',') && byte != Some(closing(bracket)) {
                return Err(scan.at);
            }
            scan.at += 1;
            if byte == Some(b',') {
                scan.begin(bracket)?;
                break;
            }
            open.pop();
        }
    }
}

const fn closing(bracket: u8) -> u8 {
    if bracket == b'{' { b'}' } else { b']' }
}

struct Scan<'a> {
    json: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    /// The next byte that is no white space.
    fn blank(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
        self.peek()
    }

    fn is(&mut self, fits: impl Fn(u8) -> bool) -> Result<(), usize> {
        match self.peek() {
            Some(byte) if fits(byte) => {
                self.at += 1;
                Ok(())
            }
            _ => Err(self.at),
        }
    }

    /// What comes before a value: in an object its name.
    fn begin(&mut self, bracket: u8) -> Result<(), usize> {
        if bracket == b'{' {
            self.blank();
            self.text()?;
            self.blank();
            self.is(|byte| byte == b':')?;
        }
        Ok(())
    }

    fn word(&mut self, word: &[u8]) -> Result<(), usize> {
        word.iter().try_for_each(|letter| self.is(|byte| byte == *letter))
    }

    fn text(&mut self) -> Result<(), usize> {
        self.is(|byte| byte == b'"')?;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.at += 1;
                    let unicode = self.peek() == Some(b'u');
                    self.is(|byte| b"\"\\/bfnrtu".contains(&byte))?;
                    for _ in 0..if unicode { 4 } else { 0 } {
                        self.is(|byte| byte.is_ascii_hexdigit())?;
                    }
                }
                Some(b' '..) => self.at += 1,
                _ => return Err(self.at),
            }
        }
    }

    fn number(&mut self) -> Result<(), usize> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), usize> {
        self.is(|byte| byte.is_ascii_digit())?;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }
}
