//! Two calls of the same shape with `async-stripe`: a balance, and a payment.

use stripe::{Balance, Client, CreatePaymentIntent, Currency, PaymentIntent};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::new(std::env::var("TOKEN")?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let balance = Balance::retrieve(&client, None).await?;
        println!("{:?}", balance.available.first().map(|it| it.amount));
        let payment = CreatePaymentIntent::new(1050, Currency::USD);
        println!("{}", PaymentIntent::create(&client, payment).await?.id);
        Ok(())
    })
}
