//! The little of Redis' protocol (RESP2) that filling a store and reading its slow log need.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddrV4, TcpStream};

use anyhow::{Context, Result, bail};

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A status or a string.
    Text(String),
    /// A number.
    Number(i64),
    /// Nothing is there.
    Nil,
    /// Several answers.
    List(Vec<Self>),
}

impl Reply {
    /// What it says, where it is text.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Number(_) | Self::Nil | Self::List(_) => "",
        }
    }

    /// What it counts; 0 where it counts nothing.
    pub fn number(&self) -> i64 {
        match self {
            Self::Number(number) => *number,
            Self::Text(text) => text.parse().unwrap_or(0),
            Self::Nil | Self::List(_) => 0,
        }
    }

    /// What it lists.
    pub fn list(&self) -> &[Self] {
        match self {
            Self::List(list) => list,
            Self::Text(_) | Self::Number(_) | Self::Nil => &[],
        }
    }
}

/// A connection to a Redis.
pub struct Redis(BufReader<TcpStream>);

impl Redis {
    /// Connects.
    pub fn connect(address: SocketAddrV4) -> Result<Self> {
        Ok(Self(BufReader::new(TcpStream::connect(address)?)))
    }

    /// Runs a command.
    pub fn ask(&mut self, words: &[&str]) -> Result<Reply> {
        self.send(&[words])?;
        self.read().with_context(|| format!("{:?}", words.first()))
    }

    /// Sends commands without reading what they answer.
    pub fn send(&mut self, commands: &[&[&str]]) -> Result<()> {
        let mut bytes = Vec::new();
        for words in commands {
            write!(bytes, "*{}\r\n", words.len())?;
            for word in *words {
                write!(bytes, "${}\r\n{word}\r\n", word.len())?;
            }
        }
        Ok(self.0.get_mut().write_all(&bytes)?)
    }

    /// Reads the next answer.
    pub fn read(&mut self) -> Result<Reply> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let line = line.trim_end();
        let (Some(kind), Some(rest)) = (line.get(..1), line.get(1..)) else {
            bail!("the connection ended");
        };
        Ok(match kind {
            "+" => Reply::Text(rest.to_owned()),
            ":" => Reply::Number(rest.parse()?),
            "$" | "*" if rest == "-1" => Reply::Nil,
            "$" => {
                let mut bytes = vec![0; rest.parse::<usize>()? + 2];
                self.0.read_exact(&mut bytes)?;
                bytes.truncate(bytes.len() - 2);
                Reply::Text(String::from_utf8_lossy(&bytes).into_owned())
            }
            "*" => {
                let length: usize = rest.parse()?;
                Reply::List((0..length).map(|_| self.read()).collect::<Result<_>>()?)
            }
            _ => bail!("Redis refused: {line}"),
        })
    }
}
